import { once } from "node:events";
import { createServer } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { ResolveName } from "./address-guard.ts";
import { createAllowList } from "./allow-list.ts";
import { createGuardedConnect } from "./guarded-connect.ts";

let accepted: number;
let port: number;
let stop: () => Promise<void>;

beforeEach(async () => {
  accepted = 0;
  const server = createServer((socket) => {
    accepted += 1;
    socket.on("error", () => undefined);
    socket.end("hello");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  port = address.port;
  stop = async () => {
    server.close();
    await once(server, "close");
  };
});
afterEach(async () => stop());

function resolver(...addresses: string[]): ResolveName {
  return (_hostname, _options, callback) =>
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
    );
}

const noOne = createAllowList([]);

async function greet(connecting: ReturnType<ReturnType<typeof createGuardedConnect>>): Promise<string> {
  const socket = await connecting;
  let text = "";
  for await (const chunk of socket.setEncoding("utf8")) text += String(chunk);
  return text;
}

test("an address that is allowed is connected to", async () => {
  const connect = createGuardedConnect({ allowList: createAllowList([`127.0.0.1:${port}`]) });
  expect(await greet(connect({ host: "127.0.0.1", port }))).toBe("hello");
});

test("what the call allows besides passes for that call only", async () => {
  const connect = createGuardedConnect({ allowList: noOne });
  expect(await greet(connect({ host: "127.0.0.1", port }, { alsoAllowed: [`127.0.0.1:${port}`] }))).toBe("hello");
  await expect(connect({ host: "127.0.0.1", port })).rejects.toMatchObject({ code: "address_refused" });
  expect(accepted).toBe(1);
});

test("a name that is allowed may resolve to a private address", async () => {
  const connect = createGuardedConnect({
    allowList: createAllowList([`packages.example:${port}`]),
    resolveName: resolver("127.0.0.1"),
  });
  expect(await greet(connect({ host: "packages.example", port }))).toBe("hello");
});

test.each(["127.0.0.1", "::1", "::ffff:127.0.0.1", "10.1.2.3", "169.254.169.254", "0.0.0.0", "fe80::1%lo"])(
  "the address %s is refused",
  async (host) => {
    const connect = createGuardedConnect({ allowList: noOne });
    await expect(connect({ host, port })).rejects.toMatchObject({ code: "address_refused" });
  },
);

test.each(["localhost", "a.localhost.", "LOCALHOST"])("the name %s is refused before it is resolved", async (host) => {
  const connect = createGuardedConnect({ allowList: noOne, resolveName: () => expect.fail("it was resolved") });
  await expect(connect({ host, port })).rejects.toMatchObject({ code: "address_refused" });
});

test.each(["0x7f.1", "2130706433", "0177.0.0.1", "127.1"])(
  "the spelling %s of loopback is not connected to",
  async (host) => {
    const connect = createGuardedConnect({ allowList: noOne });
    await expect(connect({ host, port })).rejects.toThrow();
    expect(accepted).toBe(0);
  },
);

test("a name is refused when one of its addresses is private", async () => {
  const connect = createGuardedConnect({ allowList: noOne, resolveName: resolver("93.184.216.34", "127.0.0.1") });
  await expect(connect({ host: "public.example", port })).rejects.toMatchObject({ code: "address_refused" });
  expect(accepted).toBe(0);
});

test("a name that cannot be resolved is an error in words", async () => {
  const connect = createGuardedConnect({
    allowList: noOne,
    resolveName: (_hostname, _options, callback) => callback(Object.assign(new Error("no"), { code: "ENOTFOUND" }), []),
  });
  await expect(connect({ host: "nowhere.example", port })).rejects.toThrow("the host name could not be resolved");
});

test("an abort ends the wait with its own reason", async () => {
  const aborter = new AbortController();
  const connect = createGuardedConnect({ allowList: noOne, resolveName: () => aborter.abort(new Error("enough")) });
  await expect(connect({ host: "slow.example", port }, { signal: aborter.signal })).rejects.toThrow("enough");
});
