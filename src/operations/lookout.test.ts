import { expect, test } from "vitest";
import { Lookout } from "./lookout.ts";

/** Looks that end when told, one after the other. */
class Looks {
  readonly begun: PromiseWithResolvers<number | undefined>[] = [];
  signal: AbortSignal | undefined;
  #onBegun = Promise.withResolvers<void>();

  readonly look = (signal: AbortSignal): Promise<number | undefined> => {
    const one = Promise.withResolvers<number | undefined>();
    this.begun.push(one);
    this.signal = signal;
    this.#onBegun.resolve();
    this.#onBegun = Promise.withResolvers();
    return one.promise;
  };

  async reach(count: number): Promise<void> {
    while (this.begun.length < count) await this.#onBegun.promise;
  }
}

const unexpected = (error: unknown): never => {
  throw error;
};

test("calls while a look is under way come to one more look", async () => {
  const looks = new Looks();
  await using lookout = new Lookout({ look: looks.look, onFailed: unexpected });
  lookout.wake();
  lookout.wake();
  lookout.wake();
  expect(looks.begun).toHaveLength(1);
  looks.begun[0]?.resolve(undefined);
  await looks.reach(2);
  looks.begun[1]?.resolve(undefined);
  await lookout.settled();
  expect(looks.begun).toHaveLength(2);
  lookout.wake();
  expect(looks.begun).toHaveLength(3);
  looks.begun[2]?.resolve(undefined);
});

test("looks again by itself after the rest that a look asked for", async () => {
  const looks = new Looks();
  await using lookout = new Lookout({ look: looks.look, onFailed: unexpected });
  lookout.wakeIn(1);
  await looks.reach(1);
  looks.begun[0]?.resolve(1);
  await looks.reach(2);
  looks.begun[1]?.resolve(undefined);
});

test("tells of a look that failed and looks again", async () => {
  const looks = new Looks();
  const failures: unknown[] = [];
  await using lookout = new Lookout({ look: looks.look, onFailed: (error) => failures.push(error), retryMs: 1 });
  lookout.wake();
  looks.begun[0]?.reject("no database");
  await looks.reach(2);
  expect(failures).toEqual(["no database"]);
  looks.begun[1]?.resolve(undefined);
});

test("given up, it waits for the look under way and looks no more", async () => {
  const looks = new Looks();
  const lookout = new Lookout({ look: looks.look, onFailed: unexpected });
  lookout.wake();
  lookout.wake();
  let isGone = false;
  const gone = lookout[Symbol.asyncDispose]().then(() => (isGone = true));
  expect(looks.signal?.aborted).toBe(true);
  await Promise.resolve();
  expect(isGone).toBe(false);
  looks.begun[0]?.resolve(1);
  await gone;
  lookout.wake();
  lookout.wakeIn(0);
  await lookout.settled();
  expect(looks.begun).toHaveLength(1);
});
