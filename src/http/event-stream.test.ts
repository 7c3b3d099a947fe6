import { connect, type Socket } from "node:net";
import Fastify, { type FastifyInstance } from "fastify";
import { afterEach, expect, it } from "vitest";
import type { StoredEvent } from "../contract/events.ts";
import { testLog } from "./__fixtures__/operations.ts";
import { EventStreams, type EventStreamOptions, type Heartbeat } from "./event-stream.ts";
import { FrameCache } from "./frame-cache.ts";
import { sseFrame } from "./sse-frame.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** A log that grows by hand and ends when it is told to. */
class GrowingLog {
  pulled = 0;
  #queue: (readonly StoredEvent[])[] = [];
  #ended = false;
  #wake: () => void = () => undefined;

  push(...events: readonly StoredEvent[]): void {
    this.#queue.push(events);
    this.#wake();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  async *read(signal: AbortSignal): AsyncGenerator<readonly StoredEvent[]> {
    signal.addEventListener("abort", () => this.#wake());
    for (;;) {
      if (signal.aborted) return;
      const batch = this.#queue.shift();
      if (batch !== undefined) {
        this.pulled += 1;
        yield batch;
      } else if (this.#ended) {
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}

async function* only(batch: readonly StoredEvent[]): AsyncGenerator<readonly StoredEvent[]> {
  yield batch;
}

const frames = new FrameCache<undefined>((event) =>
  event.type === "text-delta" ? sseFrame({ id: event.seq, data: JSON.stringify(event.body.text) }) : undefined,
);

interface Setup {
  streams: EventStreams;
  log: GrowingLog;
  /** How many of the given logs are being read; those of `log` do not count. */
  requests: { open: number };
  aborted: Promise<void>;
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

type Log = AsyncIterable<readonly StoredEvent[]>;

async function setUp({
  batches,
  resume,
  heartbeat,
  ...options
}: EventStreamOptions & {
  batches?: Log;
  resume?: (after: number) => Promise<Log>;
  heartbeat?: Heartbeat;
} = {}): Promise<Setup> {
  let now = 0;
  const requests = { open: 0 };
  const counted = async function* (given: Log): AsyncGenerator<readonly StoredEvent[]> {
    requests.open += 1;
    try {
      yield* given;
    } finally {
      requests.open -= 1;
    }
  };
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
  const aborted = Promise.withResolvers<void>();
  const app: FastifyInstance = Fastify();
  app.get("/", (_request, reply) => {
    const controller = new AbortController();
    controller.signal.addEventListener("abort", () => aborted.resolve());
    streams.send(reply, {
      batches: batches === undefined ? log.read(controller.signal) : counted(batches),
      resume,
      controller,
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
    requests,
    aborted: aborted.promise,
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
  const { open, aborted, streams, log } = await setUp();
  const reader = open();
  await reader.until(includes("\r\n\r\n"));
  expect(streams.size).toBe(1);
  reader.socket.destroy();
  await aborted;
  log.end();
  await reader.closed;
  await expect.poll(() => streams.size).toBe(0);
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

it("stops pulling for a reader that does not read, keeps its buffer bounded, and closes it", async () => {
  const { open, tick, log, streams, aborted } = await setUp({ stallMs: 30_000 });
  const reader = open();
  await reader.until(includes("\r\n\r\n"));
  reader.socket.pause();
  const batches = 1000;
  for (let index = 0; index < batches; index += 1) log.push(...testLog("x", ["a".repeat(60_000)]).slice(1, 2));
  // The kernel takes some megabytes before our own buffer fills for good.
  let pulled = -1;
  while (pulled !== log.pulled || streams.stalled === 0) {
    pulled = log.pulled;
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }
  expect(pulled).toBeLessThan(batches);
  expect(streams.bufferedBytes).toBeGreaterThan(0);
  expect(streams.bufferedBytes).toBeLessThanOrEqual(128 * 1024);
  tick(29_999);
  expect(streams.size).toBe(1);
  tick(1);
  await aborted;
  await expect.poll(() => streams.size).toBe(0);
});

it("lets go of what was read ahead for a reader that does not read, and reads it again when the reader goes on", async () => {
  const log = testLog(
    "x",
    Array.from({ length: 300 }, (_, index) => `${"a".repeat(60_000)}#${index}#`),
  );
  const asked: number[] = [];
  const { open, tick, streams, requests } = await setUp({
    letGoMs: 2000,
    resume: async (after) => {
      asked.push(after);
      return only(log.filter(({ seq }) => seq > after));
    },
    batches: only(log),
  });
  const reader = open();
  await reader.until(includes("\r\n\r\n"));
  reader.socket.pause();
  await expect.poll(() => streams.stalled).toBe(1);
  tick(1999);
  expect(requests).toEqual({ open: 1 });
  tick(1);
  await expect.poll(() => requests.open).toBe(0);
  expect(streams.bufferedBytes).toBeLessThanOrEqual(128 * 1024);
  reader.socket.resume();
  await reader.until((text) => text.endsWith("0\r\n\r\n"));
  expect(asked).toHaveLength(1);
  const seen = [...reader.text().matchAll(/#(\d+)#/g)].map(([, index]) => Number(index));
  expect(seen).toEqual(Array.from({ length: 300 }, (_, index) => index));
  expect(reader.text()).toContain(`id: ${log.length}\ndata: "end"`);
});

it("lets a slow reader that does read have everything", async () => {
  const { open, log } = await setUp({ maxBufferedBytes: 1000 });
  const reader = open();
  await reader.until(includes("\r\n\r\n"));
  for (let index = 0; index < 300; index += 1)
    log.push(...testLog("x", [`${"a".repeat(60_000)}#${index}#`]).slice(1, 2));
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
