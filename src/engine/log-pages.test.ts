import { expect, it } from "vitest";
import type { StoredEvent } from "../contract/events.ts";
import { LogPages } from "./log-pages.ts";

function noted(seq: number, length = 1): StoredEvent {
  return {
    executionId: "x",
    attempt: 1,
    step: 0,
    at: 0,
    seq,
    type: "status-noted",
    body: { text: "a".repeat(length) },
  };
}

it("says how many events like the last ones make a page of 128 KiB, and not many more at once", async () => {
  let bytes = 0;
  const pages = new LogPages(async (_, after, limit) => ({
    events: Array.from({ length: limit }, (_, index) => noted(after + 1 + index)),
    bytes: bytes * limit,
  }));
  const next = async (name: string, each: number) => {
    bytes = each;
    return (await pages.read(name, 0, 100)).nextEvents;
  };
  expect(await next("short", 10)).toBe(400);
  expect(await next("long", 64 * 1024)).toBe(2);
  expect(await next("longer than a page", 1024 * 1024)).toBe(1);
});

it("keeps logs apart", async () => {
  const pages = new LogPages(async (executionId, after) => ({
    events: [{ ...noted(after + 1), executionId }],
    bytes: 1,
  }));
  expect((await pages.read("a", 0, 100)).events[0]?.executionId).toBe("a");
  expect((await pages.read("b", 0, 100)).events[0]?.executionId).toBe("b");
});

it("asks again where another's reading, begun earlier, found nothing", async () => {
  const log: StoredEvent[] = [];
  const { promise: slow, resolve: go } = Promise.withResolvers<void>();
  const pages = new LogPages(async () => {
    const events = log.slice();
    await slow;
    return { events, bytes: 1 };
  });
  const early = pages.read("x", 0, 100);
  log.push(noted(1));
  const late = pages.read("x", 0, 100);
  go();
  expect((await early).events).toEqual([]);
  expect((await late).events).toEqual([noted(1)]);
});
