import { connect, type Socket } from "node:net";
import Fastify, { type FastifyInstance } from "fastify";
import { afterEach, expect, it } from "vitest";
import { GrowingLog } from "./__fixtures__/growing-log.ts";
import { testLog } from "./__fixtures__/operations.ts";
import { EventStreams, type EventStreamOptions } from "./event-stream.ts";
import type { Heartbeat } from "./event-stream-reader.ts";
import { FrameCache } from "./frame-cache.ts";
import { sseFrame } from "./sse-frame.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const frames = new FrameCache<undefined>((event) =>
  event.type === "text-delta" ? sseFrame({ id: event.seq, data: JSON.stringify(event.body.text) }) : undefined,
);

interface Setup {
  streams: EventStreams;
  log: GrowingLog;
  tick: (advanceMs: number) => void;
  /** Connects, sends a request and collects what comes. */
  open(): Reading;
}

interface Reading {
  socket: Socket;
  text(): string;
  until(condition: (text: string) => boolean): Promise<string>;
  closed: Promise<string>;
}

async function setUp({ heartbeat, ...options }: EventStreamOptions & { heartbeat?: Heartbeat } = {}): Promise<Setup> {
  let now = 0;
  const ticks: (() => void)[] = [];
  const streams = new EventStreams({
    now: () => now,
    every: (run) => {
      ticks.push(run);
      return () => undefined;
    },
    ...options,
  });
  const log = new GrowingLog();
  const app: FastifyInstance = Fastify();
  app.get("/", (_request, reply) => {
    streams.send(reply, {
      log,
      frames,
      context: undefined,
      headers: { "x-execution-id": "exec_1" },
      heartbeat,
      finish: async (last) => (last === undefined ? undefined : sseFrame({ id: last.seq, data: '"end"' })),
    });
  });
  await app.listen({ host: "127.0.0.1", port: 0 });
  const address = app.server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  closers.push(async () => {
    streams[Symbol.dispose]();
    app.server.closeAllConnections();
    await app.close();
  });
  return {
    streams,
    log,
    tick: (advanceMs) => {
      now += advanceMs;
      for (const run of ticks) run();
    },
    open: () => read(address.port),
  };
}

function read(port: number): Reading {
  const socket = connect({ host: "127.0.0.1", port });
  closers.push(() => socket.destroy());
  let text = "";
  const waiters = new Set<() => void>();
  const closed = Promise.withResolvers<string>();
  socket.setEncoding("utf8");
  socket.on("data", (chunk: string) => {
    text += chunk;
    for (const wake of waiters) wake();
  });
  socket.on("error", () => undefined);
  socket.on("close", () => {
    closed.resolve(text);
    for (const wake of waiters) wake();
  });
  socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  return {
    socket,
    text: () => text,
    closed: closed.promise,
    until: (condition) =>
      new Promise((resolve, reject) => {
        const check = () => {
          if (condition(text)) resolve(text);
          else if (socket.destroyed) reject(new Error(`closed with: ${text.slice(-200)}`));
          else return;
          waiters.delete(check);
        };
        waiters.add(check);
        check();
      }),
  };
}

const includes = (part: string) => (text: string) => text.includes(part);

it("streams batches as they come and ends with the last frame", async () => {
  const { log, open, streams } = await setUp();
  const reader = open();
  await reader.until(includes("\r\n\r\n"));
  expect(reader.text()).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  expect(reader.text()).toContain("content-type: text/event-stream; charset=utf-8");
  expect(reader.text()).toContain("cache-control: no-cache, no-transform");
  expect(reader.text()).toContain("x-execution-id: exec_1");
  const [queued, first, second, completed] = testLog("x", ["one", "two"]);
  if (!queued || !first || !second || !completed) throw new Error("the log has four events");
  log.push(queued, first);
  await reader.until(includes('id: 2\ndata: "one"\n\n'));
  log.push(second, completed);
  log.end();
  await reader.until((text) => text.endsWith("0\r\n\r\n"));
  expect(reader.text()).toContain('id: 3\ndata: "two"\n\n');
  expect(reader.text()).toContain('id: 4\ndata: "end"\n\n');
  expect(streams.size).toBe(0);
});

it("tells the log when the reader leaves", async () => {
  const { open, streams, log } = await setUp();
  const reader = open();
  await reader.until(includes("\r\n\r\n"));
  expect(streams.size).toBe(1);
  expect(log.isFollowed).toBe(true);
  reader.socket.destroy();
  await expect.poll(() => log.isFollowed).toBe(false);
  expect(streams.size).toBe(0);
});

it("sends a heartbeat after 15 s of silence, and only then", async () => {
  const { open, tick, log } = await setUp();
  const reader = open();
  await reader.until(includes("\r\n\r\n"));
  tick(14_999);
  log.push(...testLog("x", ["one"]).slice(1, 2));
  await reader.until(includes('"one"'));
  tick(1);
  tick(14_998);
  expect(reader.text()).not.toContain(": ping");
  tick(1);
  await reader.until(includes(": ping\n\n"));
});

it("sends a stream's own heartbeat after its own silence", async () => {
  const heartbeat = { frame: Buffer.from('data: "..."\n\n'), everyMs: 5000 };
  const { open, tick } = await setUp({ heartbeat });
  const reader = open();
  await reader.until(includes("\r\n\r\n"));
  tick(4999);
  expect(reader.text()).not.toContain("...");
  tick(1);
  await reader.until(includes('data: "..."\n\n'));
  tick(5000);
  await reader.until(includes('data: "..."\n\n\r\n'));
  expect(reader.text()).not.toContain(": ping");
});

it("sends each of many silent readers its heartbeat, some a little later", async () => {
  const { open, tick } = await setUp({ heartbeatMs: 100_000 });
  const readers = Array.from({ length: 210 }, open);
  await Promise.all(readers.map((reader) => reader.until(includes("\r\n\r\n"))));
  tick(100_000);
  tick(1000);
  await Promise.all(readers.map((reader) => reader.until(includes(": ping"))));
});

/** What the kernel takes for a reader that does not read is megabytes; only then our own buffer fills for good. */
async function untilStalled({ streams, log }: Pick<Setup, "streams" | "log">): Promise<void> {
  let taken = -1;
  while (taken !== log.taken || streams.stalled === 0) {
    taken = log.taken;
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }
}

const longLog = testLog(
  "x",
  Array.from({ length: 300 }, (_, index) => `${"a".repeat(60_000)}#${index}#`),
);

it("takes no more for a reader that does not read, keeps its buffer bounded, and closes it", async () => {
  const { open, tick, log, streams } = await setUp({ stallMs: 30_000 });
  const reader = open();
  await reader.until(includes("\r\n\r\n"));
  reader.socket.pause();
  log.push(...longLog);
  await untilStalled({ streams, log });
  expect(log.taken).toBeLessThan(longLog.length);
  expect(streams.bufferedBytes).toBeGreaterThan(0);
  expect(streams.bufferedBytes).toBeLessThanOrEqual(128 * 1024);
  tick(29_999);
  expect(streams.size).toBe(1);
  tick(1);
  await expect.poll(() => log.isFollowed).toBe(false);
  expect(streams.size).toBe(0);
});

it("goes on with what it left of the log when the reader goes on", async () => {
  const { open, tick, log, streams } = await setUp({ stallMs: 30_000 });
  const reader = open();
  await reader.until(includes("\r\n\r\n"));
  reader.socket.pause();
  log.push(...longLog);
  log.end();
  await untilStalled({ streams, log });
  tick(29_999);
  reader.socket.resume();
  await reader.until((text) => text.endsWith("0\r\n\r\n"));
  const seen = [...reader.text().matchAll(/#(\d+)#/g)].map(([, index]) => Number(index));
  expect(seen).toEqual(Array.from({ length: 300 }, (_, index) => index));
  expect(reader.text()).toContain(`id: ${longLog.length}\ndata: "end"`);
});

it("closes a reader that stops before it has the end", async () => {
  const { open, tick, log, streams } = await setUp({ stallMs: 30_000, maxBufferedBytes: Number.POSITIVE_INFINITY });
  const reader = open();
  await reader.until(includes("\r\n\r\n"));
  reader.socket.pause();
  log.push(...longLog);
  log.end();
  await expect.poll(() => streams.stalled).toBe(1);
  tick(29_999);
  expect(streams.size).toBe(1);
  tick(1);
  await expect.poll(() => streams.size).toBe(0);
});

it("lets a slow reader that does read have everything", async () => {
  const { open, log } = await setUp({ maxBufferedBytes: 1000 });
  const reader = open();
  await reader.until(includes("\r\n\r\n"));
  for (const event of longLog.slice(0, 301)) log.push(event);
  log.end();
  await reader.until((text) => text.endsWith("0\r\n\r\n"));
  for (let index = 0; index < 300; index += 1) expect(reader.text()).toContain(`#${index}#`);
});

it("ends open streams without a last frame when the server drains, and keeps no new ones", async () => {
  const { open, log, streams } = await setUp();
  const reader = open();
  log.push(...testLog("x", ["one"]).slice(0, 2));
  await reader.until(includes('"one"'));
  streams.drain();
  await reader.until((text) => text.endsWith("0\r\n\r\n"));
  expect(reader.text()).not.toContain('"end"');
  const late = open();
  await late.until((text) => text.endsWith("0\r\n\r\n"));
  expect(streams.size).toBe(0);
});

it("breaks the connection off when the log breaks, so that the reader takes it for no end", async () => {
  const faults: unknown[] = [];
  const { open, log } = await setUp({ onFault: (error) => faults.push(error) });
  const reader = open();
  await reader.until(includes("\r\n\r\n"));
  const [, delta] = testLog("x", ["one"]);
  if (!delta) throw new Error("the log has a delta");
  const broken = new Proxy(delta, {
    get: () => {
      throw new Error("cannot be read");
    },
  });
  log.push(broken);
  const text = await reader.closed;
  expect(text).not.toContain("0\r\n\r\n");
  expect(faults).toHaveLength(1);
});
