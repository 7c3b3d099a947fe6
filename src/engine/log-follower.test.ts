import { expect, it } from "vitest";
import type { StoredEvent } from "../contract/events.ts";
import type { LogReader } from "../contract/log.ts";
import { LogFollower, type LogSource } from "./log-follower.ts";
import { LogPages } from "./log-pages.ts";
import { LogTail } from "./log-tail.ts";

/** A log whose events are all stored, of which the last is the terminal one when it is to end. */
function logOf(length: number, end: "open" | "ended" = "ended"): StoredEvent[] {
  const frame = { executionId: "x", attempt: 1, step: 0, at: 0 };
  return Array.from({ length }, (_, index): StoredEvent => {
    const seq = index + 1;
    if (seq === length && end === "ended") return { ...frame, seq, type: "execution-completed", body: {} };
    return { ...frame, seq, type: "status-noted", body: { text: String(seq) } };
  });
}

interface Setup {
  source: LogSource;
  /** The cursors at which the database was asked. */
  asked: number[];
  unused: () => number;
}

/** A log of which these events are stored. */
function over(stored: readonly StoredEvent[]): Setup {
  const asked: number[] = [];
  let unused = 0;
  const pages = new LogPages(async (_, after, limit) => {
    asked.push(after);
    const events = stored.filter(({ seq }) => seq > after).slice(0, limit);
    return { events, bytes: events.length };
  });
  const tail = new LogTail(() => (unused += 1));
  return { source: { tail, readPage: (after, limit) => pages.read("x", after, limit) }, asked, unused: () => unused };
}

/** Takes `room` events and then none until it has room again. */
class Collector implements LogReader {
  readonly seen: number[] = [];
  readonly ended = Promise.withResolvers<StoredEvent | undefined>();
  room: number;
  failure: unknown;

  constructor(room = Number.POSITIVE_INFINITY) {
    this.room = room;
  }

  take(events: readonly StoredEvent[]): number {
    const taken = events.slice(0, this.room);
    this.room -= taken.length;
    this.seen.push(...taken.map(({ seq }) => seq));
    return taken.length;
  }

  end(last: StoredEvent | undefined): void {
    this.ended.resolve(last);
  }

  fail(error: unknown): void {
    this.failure = error;
  }
}

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

it("reads nothing before it is told to, then everything to the end, and leaves", async () => {
  const { source, asked, unused } = over(logOf(250));
  const reader = new Collector();
  const follower = new LogFollower(source, { after: 3 }, reader);
  expect(asked).toEqual([]);
  follower.resume();
  expect((await reader.ended.promise)?.seq).toBe(250);
  expect(reader.seen).toEqual(numbers(4, 250));
  expect(unused()).toBe(1);
});

it("offers what was left again, out of the page that was read", async () => {
  const { source, asked } = over(logOf(50));
  const reader = new Collector(20);
  const follower = new LogFollower(source, { after: 0 }, reader);
  follower.resume();
  await expect.poll(() => reader.seen).toEqual(numbers(1, 20));
  reader.room = 10;
  follower.resume();
  await expect.poll(() => reader.seen).toEqual(numbers(1, 30));
  reader.room = Number.POSITIVE_INFINITY;
  follower.resume();
  await reader.ended.promise;
  expect(reader.seen).toEqual(numbers(1, 50));
  expect(asked).toEqual([0]);
});

it("gets the page of one who came before and is gone", async () => {
  const { source, asked, unused } = over(logOf(50));
  for (let turn = 1; turn <= 2; turn += 1) {
    const reader = new Collector();
    new LogFollower(source, { after: 0 }, reader).resume();
    await reader.ended.promise;
    expect(unused()).toBe(turn);
  }
  expect(asked).toEqual([0]);
});

it("shares a page that is on its way", async () => {
  const { source, asked } = over(logOf(50));
  const readers = [new Collector(), new Collector(), new Collector()];
  for (const reader of readers) new LogFollower(source, { after: 0 }, reader).resume();
  await Promise.all(readers.map(({ ended }) => ended.promise));
  expect(asked).toEqual([0]);
});

it("asks the database until there is nothing more, then takes what is published", async () => {
  const log = logOf(12);
  const { source, asked } = over(log.slice(0, 5));
  const reader = new Collector();
  new LogFollower(source, { after: 0 }, reader).resume();
  await expect.poll(() => asked).toEqual([0, 5]);
  source.tail.publish(log.slice(5, 7));
  expect(reader.seen).toEqual(numbers(1, 7));
  source.tail.publish(log.slice(7));
  expect(reader.seen).toEqual(numbers(1, 12));
  expect((await reader.ended.promise)?.seq).toBe(12);
  expect(asked).toEqual([0, 5]);
});

it("asks the database for what a hole between two commits has left out", async () => {
  const log = logOf(9);
  const { source, asked } = over(log);
  source.tail.publish(log.slice(0, 3));
  const reader = new Collector();
  new LogFollower(source, { after: 0 }, reader).resume();
  expect(reader.seen).toEqual(numbers(1, 3));
  source.tail.publish(log.slice(6, 8));
  await reader.ended.promise;
  expect(reader.seen).toEqual(numbers(1, 9));
  expect(asked).toEqual([3]);
});

it("ends where it is told to, after the event", async () => {
  const { source } = over(logOf(50));
  const reader = new Collector();
  new LogFollower(source, { after: 0, endsAt: ({ seq }) => seq >= 7 }, reader).resume();
  expect((await reader.ended.promise)?.seq).toBe(7);
  expect(reader.seen).toEqual(numbers(1, 7));
});

it("tells a reader that throws, and shows the others what is published", () => {
  const log = logOf(3, "open");
  const { source } = over([]);
  const broken = new Collector();
  const error = new Error("cannot be shown");
  broken.take = () => {
    throw error;
  };
  const whole = new Collector();
  source.tail.publish(log.slice(0, 1));
  for (const reader of [broken, whole]) new LogFollower(source, { after: 0 }, reader).resume();
  source.tail.publish(log.slice(1));
  expect(broken.failure).toBe(error);
  expect(whole.seen).toEqual(numbers(1, 3));
});

it("tells a reader when the database fails", async () => {
  const error = new Error("the database is gone");
  const source = { tail: new LogTail(() => undefined), readPage: () => Promise.reject(error) };
  const reader = new Collector();
  new LogFollower(source, { after: 0 }, reader).resume();
  await expect.poll(() => reader.failure).toBe(error);
});

it("calls a reader no more that has stopped, though a page is on its way", async () => {
  const { source, asked, unused } = over(logOf(5));
  const [gone, there] = [new Collector(), new Collector()];
  const follower = new LogFollower(source, { after: 0 }, gone);
  follower.resume();
  follower.stop();
  follower.resume();
  expect(unused()).toBe(1);
  new LogFollower(source, { after: 0 }, there).resume();
  await there.ended.promise;
  expect(gone.seen).toEqual([]);
  expect(asked).toEqual([0]);
});
