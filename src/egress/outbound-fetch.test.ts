import { Readable } from "node:stream";
import { expect, test } from "vitest";
import type { Outbound, OutboundRequest } from "./outbound.ts";
import { createOutboundFetch } from "./outbound-fetch.ts";

function recorder(status = 200, body = "hello") {
  const requests: OutboundRequest[] = [];
  const bodies: Readable[] = [];
  const outbound: Outbound = {
    connect: () => expect.fail("a request opens no bare connection"),
    receive: () => expect.fail("libraries want a stream"),
    async request(request) {
      requests.push(request);
      const readable = Readable.from([Buffer.from(body)]);
      bodies.push(readable);
      return {
        status,
        headers: { "content-type": "text/plain", "x-many": ["a", "b"], "x-none": undefined },
        body: readable,
      };
    },
  };
  return { fetch: createOutboundFetch(outbound, {}), requests, bodies };
}

test("method, headers, body and signal are handed on, and the answer comes back", async () => {
  const { fetch, requests } = recorder();
  const { signal } = new AbortController();
  const response = await fetch(new URL("https://a.example/x?y=1"), {
    method: "post",
    headers: new Headers({ "X-Key": "k" }),
    body: "text",
    signal,
  });
  expect(requests[0]).toMatchObject({
    url: "https://a.example/x?y=1",
    method: "POST",
    headers: { "x-key": "k" },
    body: "text",
    signal,
  });
  expect(response.status).toBe(200);
  expect(response.headers.get("x-many")).toBe("a, b");
  expect(await response.text()).toBe("hello");
});

test("a Request object is read as a whole", async () => {
  const { fetch, requests } = recorder();
  await fetch(new Request("https://a.example/", { method: "PUT", body: "bytes", headers: { a: "1" } }));
  expect(requests[0]).toMatchObject({ method: "PUT", headers: { a: "1" }, body: new TextEncoder().encode("bytes") });
});

test("an answer without a body gives its socket back", async () => {
  const { fetch, bodies } = recorder(204);
  expect((await fetch("https://a.example/")).body).toBeNull();
  expect(bodies[0]?.destroyed).toBe(true);
});

test("what cannot be sent as it is, is refused rather than sent as something else", async () => {
  const { fetch } = recorder();
  await expect(fetch("https://a.example/", { method: "POST", body: new FormData() })).rejects.toThrow(
    "neither text nor bytes",
  );
  await expect(fetch("https://a.example/", { method: "TRACE" })).rejects.toThrow("TRACE");
});
