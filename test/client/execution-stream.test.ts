import type { ServerResponse } from "node:http";
import { expect, test } from "vitest";
import { ConnectionError, Runyard, type StreamEvent } from "../../client/src/index.ts";
import { collect } from "./collect.ts";
import { listenOnLoopback } from "./loopback-server.ts";

const log: StreamEvent[] = [
  {
    type: "execution_start",
    executionId: "exec_1",
    agentId: "agt_1",
    conversationId: "conv_1",
    createdAt: "2026-01-01T00:00:00Z",
  },
  { type: "text_delta", text: "one " },
  { type: "text_delta", text: "two " },
  { type: "text_delta", text: "three" },
  {
    type: "done",
    usage: { inputTokens: 1, outputTokens: 3, totalTokens: 4, cacheReadTokens: 0, cacheWriteTokens: 0 },
    executionId: "exec_1",
    conversationId: "conv_1",
    status: "completed",
    output: "one two three",
    timing: { totalMs: 1, firstTokenMs: 1, toolCallMs: 0 },
  },
];

function openStream(response: ServerResponse): void {
  response.writeHead(200, { "Content-Type": "text/event-stream", "X-Execution-Id": "exec_1" });
}

function frame(number: number): string {
  return `id: ${number}\ndata: ${JSON.stringify(log[number - 1])}\n\n`;
}

test("a stream whose connection drops after every event gives each event once, in order", async () => {
  const cursors: string[] = [];
  await using server = await listenOnLoopback((request, response) => {
    const seen = Number(request.headers["last-event-id"] ?? 0);
    cursors.push(`${request.method} ${request.url} after ${seen}`);
    openStream(response);
    // One new event, then half of the next, then the connection is gone.
    const half = seen + 2 <= log.length ? frame(seen + 2).slice(0, 12) : "";
    response.write(frame(seen + 1) + half, () => response.destroy());
  });
  const runyard = new Runyard({ url: server.url });
  // One reconnection in a row is enough, since each connection brings something.
  const stream = runyard.agents.execute("agt_1", { input: "count", stream: true }, { maxReconnects: 1 });
  expect(await collect(stream)).toEqual(log);
  expect(stream.executionId).toBe("exec_1");
  expect(stream.lastEventId).toBe(5);
  expect(cursors).toEqual([
    "POST /v1/agents/agt_1/execute after 0",
    "GET /v1/executions/exec_1/stream after 1",
    "GET /v1/executions/exec_1/stream after 2",
    "GET /v1/executions/exec_1/stream after 3",
    "GET /v1/executions/exec_1/stream after 4",
  ]);
});

test("a lost answer to the opening request is asked for again under the same idempotency key", async () => {
  const keys: (string | string[] | undefined)[] = [];
  await using server = await listenOnLoopback((request, response) => {
    keys.push(request.headers["idempotency-key"]);
    if (keys.length === 1) return void response.destroy();
    openStream(response);
    response.end(log.map((_event, index) => frame(index + 1)).join(""));
  });
  const events = await collect(
    new Runyard({ url: server.url, maxRetries: 0 }).agents.execute("agt_1", { input: "count", stream: true }),
  );
  expect(events).toHaveLength(5);
  expect(keys).toHaveLength(2);
  expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
  expect(keys[1]).toBe(keys[0]);
});

test("frames that were seen before are not given again", async () => {
  await using server = await listenOnLoopback((_request, response) => {
    openStream(response);
    response.end(log.map((_event, index) => frame(index + 1)).join(""));
  });
  const events = await collect(new Runyard({ url: server.url }).executions.watch("exec_1", { after: 3 }));
  expect(events).toEqual(log.slice(3));
});

test("leaving the loop closes the connection and asks for nothing more", async () => {
  let requests = 0;
  const closed = Promise.withResolvers<void>();
  await using server = await listenOnLoopback((_request, response) => {
    requests += 1;
    response.on("close", closed.resolve);
    openStream(response);
    response.write(frame(1));
  });
  for await (const event of new Runyard({ url: server.url }).executions.watch("exec_1")) {
    expect(event.type).toBe("execution_start");
    break;
  }
  await closed.promise;
  expect(requests).toBe(1);
});

test("an abort ends the loop with the signal's reason", async () => {
  const opened = Promise.withResolvers<void>();
  await using server = await listenOnLoopback((_request, response) => {
    openStream(response);
    response.write(frame(1), () => opened.resolve());
  });
  const leave = new AbortController();
  const reading = collect(new Runyard({ url: server.url }).executions.watch("exec_1", { signal: leave.signal }));
  await opened.promise;
  leave.abort(new Error("enough"));
  await expect(reading).rejects.toThrow("enough");
});

test("a server that never brings anything ends the loop with a connection error", async () => {
  let requests = 0;
  await using server = await listenOnLoopback((_request, response) => {
    requests += 1;
    openStream(response);
    response.end();
  });
  const stream = new Runyard({ url: server.url }).executions.watch("exec_1", { maxReconnects: 1 });
  await expect(collect(stream)).rejects.toThrow(ConnectionError);
  expect(requests).toBe(2);
});

test("a silent connection counts as dead and is opened again", async () => {
  let requests = 0;
  await using server = await listenOnLoopback((_request, response) => {
    requests += 1;
    openStream(response);
    response.write(frame(1));
    if (requests === 2)
      response.end(
        log
          .slice(1)
          .map((_event, index) => frame(index + 2))
          .join(""),
      );
  });
  const stream = new Runyard({ url: server.url }).executions.watch("exec_1", { idleTimeoutMs: 20 });
  expect(await collect(stream)).toEqual(log);
  expect(requests).toBe(2);
});

test.each([
  ["quota_exceeded", {}],
  ["rate_limit_exceeded", { "Retry-After": "86400" }],
])("a refusal that is not over soon ends the loop at once (%s)", async (code, headers) => {
  let asked = 0;
  await using server = await listenOnLoopback((_request, response) => {
    asked += 1;
    response.writeHead(429, headers).end(JSON.stringify({ error: { type: "rate_limit_error", code, message: "No." } }));
  });
  const stream = new Runyard({ url: server.url }).agents.execute("agt_1", { input: "count", stream: true });
  await expect(collect(stream)).rejects.toMatchObject({ code });
  expect(asked).toBe(1);
});
