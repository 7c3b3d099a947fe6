import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ResolveName } from "./address-guard.ts";
import { createOutbound, type OutboundOptions } from "./create-outbound.ts";
import { OutboundError, type OutboundRequest } from "./outbound.ts";
import { readJson, readText } from "./read-body.ts";

const cleanups: (() => Promise<void>)[] = [];
let server: Server;
let port: number;
let requests: { method: string | undefined; url: string | undefined; headers: IncomingMessage["headers"] }[];
let answer: (request: IncomingMessage, response: ServerResponse) => void;

async function listen(handle: typeof answer): Promise<{ server: Server; port: number }> {
  const listening = createServer((request, response) => {
    requests.push({ method: request.method, url: request.url, headers: request.headers });
    request.resume();
    request.on("end", () => handle(request, response));
  }).listen(0, "127.0.0.1");
  await once(listening, "listening");
  cleanups.push(async () => {
    listening.closeAllConnections();
    listening.close();
    await once(listening, "close");
  });
  const address = listening.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return { server: listening, port: address.port };
}

function outbound(options: OutboundOptions = {}) {
  const made = createOutbound(options);
  cleanups.push(async () => made[Symbol.asyncDispose]());
  return made;
}

/** Resolves names as a table says and counts how often it was asked. */
function resolver(table: Record<string, string[]>): ResolveName & { asked: string[] } {
  const asked: string[] = [];
  const resolve: ResolveName = (hostname, _options, callback) => {
    asked.push(hostname);
    const addresses = table[hostname];
    if (addresses === undefined) callback(Object.assign(new Error("not found"), { code: "ENOTFOUND" }), []);
    else
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
      );
  };
  return Object.assign(resolve, { asked });
}

function request(more: Partial<OutboundRequest>) {
  return outbound({ allowedHosts: ["127.0.0.1:*"] }).request({ url: `http://127.0.0.1:${port}/`, ...more });
}

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail("it succeeded"),
    (error: unknown) => error,
  );
}

beforeEach(async () => {
  requests = [];
  answer = (_request, response) => response.end("hello");
  ({ server, port } = await listen((request, response) => answer(request, response)));
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

describe("addresses", () => {
  test.each([
    "http://127.0.0.1:PORT/",
    "http://127.1:PORT/",
    "http://127.0.1:PORT/",
    "http://2130706433:PORT/",
    "http://0x7f000001:PORT/",
    "http://0x7f.0.0.1:PORT/",
    "http://0177.0.0.1:PORT/",
    "http://017700000001:PORT/",
    "http://127.0.0.1.:PORT/",
    "http://127.0.0.1:PORT/",
    "http://0.0.0.0:PORT/",
    "http://0:PORT/",
    "http://[::1]:PORT/",
    "http://[::]:PORT/",
    "http://[0:0:0:0:0:0:0:1]:PORT/",
    "http://[::ffff:127.0.0.1]:PORT/",
    "http://[::ffff:7f00:1]:PORT/",
    "http://[::127.0.0.1]:PORT/",
    "http://[64:ff9b::127.0.0.1]:PORT/",
    "http://[fe80::1%25lo]:PORT/",
    "http://localhost:PORT/",
    "http://LOCALHOST:PORT/",
    "http://localhost.:PORT/",
    "http://app.localhost:PORT/",
    "http://user@127.0.0.1:PORT/",
    "http://public.example@127.0.0.1:PORT/",
    "http://user:secret@public.example:PORT/",
    "http://169.254.169.254/latest/meta-data/",
    "http://10.0.0.1/",
    "http://192.168.0.1/",
    "http://172.16.0.1/",
    "http://[fd00::1]/",
    "ftp://public.example/",
    "file:///etc/passwd",
    "data:text/plain,hello",
    "//public.example/",
    "not a url",
    "",
  ])("%s is refused", async (url) => {
    const resolveName = resolver({ "public.example": ["127.0.0.1"] });
    const error = await failure(outbound({ resolveName }).request({ url: url.replace("PORT", String(port)) }));
    expect(error).toMatchObject({ name: "RunyardError", code: "address_refused", retryable: false });
    expect(resolveName.asked).toEqual([]);
    expect(requests).toEqual([]);
  });

  test("a name that resolves to this machine is refused when the socket is opened", async () => {
    const resolveName = resolver({ "public.example": ["127.0.0.1"] });
    const error = await failure(outbound({ resolveName }).request({ url: `http://public.example:${port}/` }));
    expect(error).toMatchObject({ code: "address_refused" });
    expect(resolveName.asked).toEqual(["public.example"]);
    expect(requests).toEqual([]);
  });

  test("one private address among public ones refuses the name", async () => {
    const resolveName = resolver({ "public.example": ["8.8.8.8", "::ffff:127.0.0.1"] });
    const error = await failure(outbound({ resolveName }).request({ url: `http://public.example:${port}/` }));
    expect(error).toMatchObject({ code: "address_refused" });
  });

  test("a name is judged anew for each socket, by the addresses the socket gets", async () => {
    const table = { "public.example": ["127.0.0.1"] };
    const resolveName = resolver(table);
    const out = outbound({ resolveName, allowedHosts: [`127.0.0.1:${port}`] });
    const url = `http://public.example:${port}/`;
    answer = (_request, response) => response.setHeader("connection", "close").end("hello");
    expect(await readText(await out.request({ url }))).toBe("hello");
    table["public.example"] = ["10.0.0.1"];
    expect(await failure(out.request({ url }))).toMatchObject({ code: "address_refused" });
    expect(resolveName.asked).toHaveLength(2);
  });

  test("the system's resolver is what stands behind a name", async () => {
    const response = await outbound({ allowedHosts: [`localhost:${port}`] }).request({
      url: `http://localhost:${port}/`,
    });
    expect(await readText(response)).toBe("hello");
    expect(requests[0]?.headers.host).toBe(`localhost:${port}`);
  });

  test("the allow list is for its port only", async () => {
    const out = outbound({ allowedHosts: [`127.0.0.1:${port}`] });
    expect(await readText(await out.request({ url: `http://0x7f.1:${port}/` }))).toBe("hello");
    expect(await failure(out.request({ url: `http://127.0.0.1:${port + 1}/` }))).toMatchObject({
      code: "address_refused",
    });
  });

  test("what one instance may call does not open another", async () => {
    const models = outbound({ allowedHosts: ["127.0.0.1:*"] });
    expect(await readText(await models.request({ url: `http://127.0.0.1:${port}/` }))).toBe("hello");
    expect(await failure(outbound().request({ url: `http://127.0.0.1:${port}/` }))).toMatchObject({
      code: "address_refused",
    });
  });
});

describe("redirects", () => {
  const headers = {
    Authorization: "Bearer secret",
    cookie: "a=b",
    "X-Api-Key": "secret",
    "x-team-pass": "secret",
    "content-type": "application/json",
    accept: "text/plain",
  };

  test("are returned as they are unless asked for", async () => {
    answer = (_request, response) => response.writeHead(302, { location: "/next" }).end();
    const response = await outbound({ allowedHosts: ["127.0.0.1:*"] }).request({ url: `http://127.0.0.1:${port}/` });
    response.body.resume();
    expect(response).toMatchObject({ status: 302, headers: { location: "/next" } });
  });

  test.each([
    (to: number) => `http://localhost:${to}/`,
    () => "http://169.254.169.254/latest/meta-data/",
    () => "http://[::1]/",
    () => "file:///etc/passwd",
  ])("to a private address are refused (%#)", async (location) => {
    const other = await listen((_request, response) => response.end("secret"));
    answer = (_request, response) => response.writeHead(302, { location: location(other.port) }).end();
    const out = outbound({ allowedHosts: [`127.0.0.1:${port}`] });
    const error = await failure(out.request({ url: `http://127.0.0.1:${port}/`, maxRedirects: 5 }));
    expect(error).toMatchObject({ code: "address_refused" });
    expect(requests).toHaveLength(1);
  });

  test("to a name that resolves to a private address are refused", async () => {
    answer = (_request, response) => response.writeHead(307, { location: "http://public.example/" }).end();
    const out = outbound({
      allowedHosts: [`127.0.0.1:${port}`],
      resolveName: resolver({ "public.example": ["192.168.1.1"] }),
    });
    const error = await failure(out.request({ url: `http://127.0.0.1:${port}/`, maxRedirects: 1 }));
    expect(error).toMatchObject({ code: "address_refused" });
  });

  test("to another origin carry no header that could prove who we are", async () => {
    const other = await listen((_request, response) => response.end("there"));
    answer = (_request, response) => response.writeHead(307, { location: `http://127.0.0.1:${other.port}/` }).end();
    const response = await outbound({ allowedHosts: ["127.0.0.1:*"] }).request({
      url: `http://127.0.0.1:${port}/`,
      method: "POST",
      headers,
      body: "{}",
      maxRedirects: 1,
    });
    expect(await readText(response)).toBe("there");
    expect(requests[0]?.headers).toMatchObject({ authorization: "Bearer secret", "x-team-pass": "secret" });
    expect(requests[1]?.method).toBe("POST");
    expect(requests[1]?.headers).toEqual({
      host: `127.0.0.1:${other.port}`,
      connection: "keep-alive",
      "content-type": "application/json",
      "content-length": "2",
      accept: "text/plain",
    });
  });

  test("within the origin keep the headers, and a POST becomes a GET where browsers do so", async () => {
    answer = (request, response) => {
      if (request.url === "/next?a=1") response.end("there");
      else response.writeHead(303, { location: "/next?a=1" }).end("x".repeat(1000));
    };
    const response = await outbound({ allowedHosts: ["127.0.0.1:*"] }).request({
      url: `http://127.0.0.1:${port}/`,
      method: "POST",
      headers,
      body: "{}",
      maxRedirects: 1,
    });
    expect(await readText(response)).toBe("there");
    expect(requests[1]).toMatchObject({ method: "GET", headers: { authorization: "Bearer secret" } });
    expect(requests[1]?.headers["content-type"]).toBeUndefined();
    expect(requests[1]?.headers["content-length"]).toBeUndefined();
  });

  test("without an end are given up", async () => {
    answer = (_request, response) => response.writeHead(302, { location: "/" }).end();
    const out = outbound({ allowedHosts: ["127.0.0.1:*"] });
    const error = await failure(out.request({ url: `http://127.0.0.1:${port}/`, maxRedirects: 3 }));
    expect(error).toBeInstanceOf(OutboundError);
    expect(requests).toHaveLength(4);
  });
});

describe("limits", () => {
  test("a body announced as too large is not begun", async () => {
    answer = (_request, response) => response.setHeader("content-length", 101).end("x".repeat(101));
    expect(await failure(request({ maxBodyBytes: 100 }))).toMatchObject({ reason: "too-large" });
  });

  test("a body that turns out too large is cut", async () => {
    answer = (_request, response) => {
      response.write("x".repeat(60));
      response.end("x".repeat(60));
    };
    const error = await failure(request({ maxBodyBytes: 100 }).then(readText));
    expect(error).toMatchObject({ name: "OutboundError", reason: "too-large" });
    expect(await readText(await request({ maxBodyBytes: 120 }))).toHaveLength(120);
  });

  test("the length in the answer to HEAD is no body", async () => {
    answer = (_request, response) => response.setHeader("content-length", 1e9).end();
    const response = await request({ method: "HEAD", maxBodyBytes: 100 });
    expect(await readText(response)).toBe("");
  });

  test("a head that does not come is given up", async () => {
    answer = () => {};
    expect(await failure(request({ headersTimeoutMs: 20 }))).toMatchObject({ reason: "timeout" });
  });

  test("a body that stops half-way is given up", async () => {
    answer = (_request, response) => {
      response.write("half");
    };
    const error = await failure(request({ bodyTimeoutMs: 20 }).then(readText));
    expect(error).toMatchObject({ name: "OutboundError", reason: "timeout" });
  });

  test("a body that is cut is an error", async () => {
    answer = (_request, response) => {
      response.setHeader("content-length", 100);
      response.write("half", () => response.destroy());
    };
    expect(await failure(request({}).then(readText))).toMatchObject({ name: "OutboundError", reason: "reset" });
  });

  test("an unreachable port is refused, an unknown name is a DNS failure", async () => {
    const gone = await listen(() => {});
    gone.server.close();
    await once(gone.server, "close");
    cleanups.pop();
    const out = outbound({ allowedHosts: ["127.0.0.1:*"], resolveName: resolver({}) });
    expect(await failure(out.request({ url: `http://127.0.0.1:${gone.port}/` }))).toMatchObject({ reason: "refused" });
    expect(await failure(out.request({ url: "http://public.example/" }))).toMatchObject({ reason: "dns" });
  });

  test("a body that is no JSON is an error", async () => {
    expect(await failure(request({}).then(readJson))).toMatchObject({ name: "OutboundError", reason: "other" });
    answer = (_request, response) => response.end('{"a":[1]}');
    expect(await readJson(await request({}))).toEqual({ a: [1] });
  });
});

describe("cancellation and sockets", () => {
  test("an aborted request fails with the signal's reason, before and within the body", async () => {
    const reason = new Error("enough");
    const out = outbound({ allowedHosts: ["127.0.0.1:*"] });
    const url = `http://127.0.0.1:${port}/`;
    expect(await failure(out.request({ url, signal: AbortSignal.abort(reason) }))).toBe(reason);

    const beforeHead = new AbortController();
    answer = () => beforeHead.abort(reason);
    expect(await failure(out.request({ url, signal: beforeHead.signal }))).toBe(reason);

    const withinBody = new AbortController();
    answer = (_request, response) => {
      response.write("half");
    };
    const response = await out.request({ url, signal: withinBody.signal });
    response.body.once("data", () => withinBody.abort(reason));
    await expect(once(response.body, "end")).rejects.toBe(reason);
  });

  test("requests after one another share sockets", async () => {
    let sockets = 0;
    server.on("connection", () => (sockets += 1));
    const out = outbound({ allowedHosts: ["127.0.0.1:*"] });
    for (let index = 0; index < 20; index += 1) await readText(await out.request({ url: `http://127.0.0.1:${port}/` }));
    // The pool may open a second one while the first is still on its way back.
    expect(sockets).toBeLessThanOrEqual(2);
  });

  test("maxSocketsPerOrigin lets further requests wait", async () => {
    let sockets = 0;
    server.on("connection", () => (sockets += 1));
    const out = outbound({ allowedHosts: ["127.0.0.1:*"], maxSocketsPerOrigin: 2 });
    const texts = Array.from({ length: 6 }, async () =>
      readText(await out.request({ url: `http://127.0.0.1:${port}/` })),
    );
    expect(await Promise.all(texts)).toEqual(Array.from({ length: 6 }, () => "hello"));
    expect(sockets).toBeLessThanOrEqual(2);
  });

  test("disposing closes sockets in use and may be repeated", async () => {
    answer = (_request, response) => {
      response.write("half");
    };
    const out = createOutbound({ allowedHosts: ["127.0.0.1:*"] });
    const response = await out.request({ url: `http://127.0.0.1:${port}/` });
    const text = failure(readText(response));
    await out[Symbol.asyncDispose]();
    await out[Symbol.asyncDispose]();
    expect(await text).toBeInstanceOf(OutboundError);
  });
});
