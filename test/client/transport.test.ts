import { expect, test } from "vitest";
import {
  AuthenticationError,
  ConflictError,
  ConnectionError,
  InvalidRequestError,
  NotFoundError,
  PermissionError,
  RateLimitError,
  Runyard,
  ServerError,
} from "../../client/src/index.ts";
import { collect } from "./collect.ts";
import { listenOnLoopback } from "./loopback-server.ts";

function envelope(code: string): string {
  return JSON.stringify({
    error: { type: "some_error", code, message: `It is ${code}.`, param: "name", requestId: "req_1" },
  });
}

test("each status becomes its own error class and keeps what the envelope says", async () => {
  let status = 0;
  await using server = await listenOnLoopback((_request, response) => {
    response.writeHead(status, { "Content-Type": "application/json" }).end(envelope("a_code"));
  });
  const runyard = new Runyard({ url: server.url, maxRetries: 0 });
  const classes = [
    [400, InvalidRequestError],
    [401, AuthenticationError],
    [403, PermissionError],
    [404, NotFoundError],
    [409, ConflictError],
    [410, NotFoundError],
    [422, InvalidRequestError],
    [429, RateLimitError],
    [502, ServerError],
  ] as const;
  for (const [answered, expected] of classes) {
    status = answered;
    const error = await runyard.agents.get("agt_1").catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(expected);
    expect(error).toMatchObject({
      status: answered,
      code: "a_code",
      message: "It is a_code.",
      param: "name",
      requestId: "req_1",
    });
  }
});

test("an answer without the envelope is reported as such", async () => {
  await using server = await listenOnLoopback((_request, response) => {
    response.writeHead(404).end("<h1>nothing here</h1>");
  });
  await expect(new Runyard({ url: server.url }).agents.get("agt_1")).rejects.toThrow(
    "Status 404 without Runyard's error body: <h1>nothing here</h1>",
  );
});

test("nothing that listens is a connection error that names the address", async () => {
  const server = await listenOnLoopback(() => undefined);
  await server[Symbol.asyncDispose]();
  const call = new Runyard({ url: server.url, maxRetries: 0 }).agents.list();
  await expect(call).rejects.toThrow(ConnectionError);
  await expect(call).rejects.toThrow(server.url);
});

test("a redirect is refused, so that the key goes nowhere else", async () => {
  let elsewhere = 0;
  await using other = await listenOnLoopback((_request, response) => {
    elsewhere += 1;
    response.end("{}");
  });
  await using server = await listenOnLoopback((_request, response) => {
    response.writeHead(307, { Location: other.url }).end();
  });
  await expect(new Runyard({ url: server.url, apiKey: "k", maxRetries: 0 }).agents.list()).rejects.toThrow(
    ConnectionError,
  );
  expect(elsewhere).toBe(0);
});

test("an overloaded server is asked again; the key, the path prefix and the query arrive", async () => {
  const asked: string[] = [];
  await using server = await listenOnLoopback((request, response) => {
    asked.push(`${request.headers.authorization} ${request.url}`);
    if (asked.length === 1) return void response.writeHead(503).end(envelope("overloaded"));
    response.end('{"data":[],"hasMore":false}');
  });
  const page = await new Runyard({ url: `${server.url}/prefix/`, apiKey: "secret" }).agents.list({
    name: "a b",
    limit: 5,
  });
  expect(page).toEqual({ data: [], hasMore: false });
  expect(asked).toEqual(Array(2).fill("Bearer secret /prefix/v1/agents?name=a+b&limit=5"));
});

test("walking a list asks for page after page with the same filters", async () => {
  await using server = await listenOnLoopback((request, response) => {
    const after = new URL(request.url ?? "", "http://x").searchParams.get("after");
    expect(request.url).toContain("name=x");
    const page =
      after === null
        ? { data: [{ id: "3" }, { id: "2" }], hasMore: true, nextCursor: "2" }
        : { data: [{ id: "1" }], hasMore: false };
    response.end(JSON.stringify(page));
  });
  const agents = await collect(new Runyard({ url: server.url }).agents.listAll({ name: "x" }));
  expect(agents.map((agent) => agent.id)).toEqual(["3", "2", "1"]);
});

test("a file goes up as multipart under its name", async () => {
  let received = "";
  await using server = await listenOnLoopback(async (request, response) => {
    expect(request.headers["content-type"]).toMatch(/^multipart\/form-data/);
    expect(request.headers["idempotency-key"]).toBeUndefined();
    for await (const chunk of request) received += String(chunk);
    response.writeHead(201).end('{"id":"file_1"}');
  });
  expect(await new Runyard({ url: server.url }).files.upload(new Blob(["hello"]), "note.txt")).toEqual({
    id: "file_1",
  });
  expect(received).toContain('filename="note.txt"');
  expect(received).toContain("hello");
});
