import { describe, expect, it } from "vitest";
import { CallQueue } from "./call-queue.ts";

const never = new AbortController().signal;

async function takeFirst(
  places: AsyncIterable<number>,
): Promise<{ first: number | undefined; rest: Promise<number[]> }> {
  const iterator = places[Symbol.asyncIterator]();
  const first = await iterator.next();
  const drain = async (): Promise<number[]> => {
    const seen: number[] = [];
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) seen.push(next.value);
    return seen;
  };
  return { first: first.done === true ? undefined : first.value, rest: drain() };
}

describe("CallQueue", () => {
  it("lets one in at a time, in order, and tells the others how many are ahead", async () => {
    const queue = new CallQueue();
    expect((await takeFirst(queue.enter(never))).first).toBeUndefined();
    const second = await takeFirst(queue.enter(never));
    const third = await takeFirst(queue.enter(never));
    expect([second.first, third.first]).toEqual([1, 2]);
    queue.leave();
    expect(await second.rest).toEqual([]);
    queue.leave();
    expect((await third.rest).at(-1) ?? 1).toBe(1);
    queue.leave();
    expect(queue.isFree).toBe(true);
  });

  it("closes the hole of one who goes away while waiting", async () => {
    const queue = new CallQueue();
    await takeFirst(queue.enter(never));
    const abort = new AbortController();
    const second = await takeFirst(queue.enter(abort.signal));
    const third = await takeFirst(queue.enter(never));
    abort.abort();
    await expect(second.rest).rejects.toThrow("abort");
    queue.leave();
    await third.rest;
    queue.leave();
    expect(queue.isFree).toBe(true);
  });

  it("hands the turn on when its owner went away in that moment", async () => {
    const queue = new CallQueue();
    await takeFirst(queue.enter(never));
    const abort = new AbortController();
    const second = await takeFirst(queue.enter(abort.signal));
    queue.leave();
    abort.abort();
    await expect(second.rest).rejects.toThrow("abort");
    expect(queue.isFree).toBe(true);
  });
});
