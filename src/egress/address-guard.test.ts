import { expect, test } from "vitest";
import { checkTarget, createGuardedConnector } from "./address-guard.ts";
import { createAllowList } from "./allow-list.ts";
import { parseTarget } from "./target.ts";

/** What `create-outbound.test.ts` sees as one guard are two; here each is seen to hold without the other. */
const noOne = createAllowList([]);

test.each([
  "http://127.0.0.1/",
  "http://0x7f.1/",
  "http://[::ffff:7f00:1]/",
  "http://localhost/",
  "http://a.localhost./",
])("the check of a URL refuses %s before anything is resolved", (url) => {
  expect(() => checkTarget(parseTarget(url), noOne)).toThrow(expect.objectContaining({ code: "address_refused" }));
  expect(() => checkTarget(parseTarget(url), createAllowList([`${new URL(url).hostname}:80`]))).not.toThrow();
});

test.each(["127.0.0.1", "::1", "169.254.169.254"])(
  "the connector refuses the address %s in place of a name",
  async (hostname) => {
    const connect = createGuardedConnector({
      target: { host: "public.example", port: 80 },
      allowList: noOne,
      resolveName: () => expect.fail("an address is not resolved"),
      connectTimeoutMs: 1_000,
    });
    const error = await new Promise((resolve) => {
      connect({ hostname, protocol: "http:", port: "80" }, (...outcome) => resolve(outcome[0]));
    });
    expect(error).toMatchObject({ code: "address_refused" });
  },
);
