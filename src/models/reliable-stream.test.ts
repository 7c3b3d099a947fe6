import { setImmediate as settled } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { RunyardError } from "../contract/errors.ts";
import type { LanguageModel, ModelPart } from "./language-model.ts";
import { defaultLimits, reliableStream, type ReliabilityLimits, type Surroundings } from "./reliable-stream.ts";

/** A clock that stands still until it is moved. */
function createStillTime() {
  let now = 1_000;
  const timers = new Set<{ at: number; callback: () => void }>();
  const surroundings: Surroundings = {
    now: () => now,
    after(delayMs, callback) {
      const timer = { at: now + delayMs, callback };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    random: () => 0,
  };
  return {
    surroundings,
    timers,
    /** Moves the clock, ringing each timer in its turn, and lets what follows from it happen. */
    async pass(ms: number) {
      const end = now + ms;
      for (;;) {
        await settled();
        const next = [...timers].filter(({ at }) => at <= end).sort((left, right) => left.at - right.at)[0];
        if (next === undefined) break;
        timers.delete(next);
        now = Math.max(now, next.at);
        next.callback();
      }
      now = end;
      await settled();
    },
  };
}

type Step = ModelPart | Error | Promise<void>;
const text = (words: string): ModelPart => ({ type: "text-delta", text: words });
const finish: ModelPart = { type: "finish", reason: "stop", usage: undefined };
const unavailable = (retryAfterMs?: number) => new RunyardError("model_unavailable", "busy", { retryAfterMs });

/** A model with a script for each try; it stands still at a promise until that resolves or the call is aborted. */
function createScripted(tries: Step[][]) {
  const state = { calls: 0, aborted: 0, left: 0 };
  const model: LanguageModel = {
    id: "test/scripted",
    continuesAnswers: false,
    async *stream(_, { signal }) {
      const steps = tries[state.calls] ?? [];
      state.calls += 1;
      signal.addEventListener("abort", () => (state.aborted += 1));
      try {
        for (const step of steps) {
          if (step instanceof Error) throw step;
          if (step instanceof Promise) {
            const aborted = new Promise<never>((_, reject) =>
              signal.addEventListener("abort", () => reject(new Error("aborted"))),
            );
            await Promise.race([step, aborted]);
          } else yield step;
        }
      } finally {
        state.left += 1;
      }
    },
  };
  return { model, state };
}

const forever = new Promise<void>(() => {});
const request = { system: [], messages: [] };

function read(model: LanguageModel, given: Partial<ReliabilityLimits> = {}, signal = new AbortController().signal) {
  const time = createStillTime();
  const retries: { try: number; delayMs: number }[] = [];
  const parts: ModelPart[] = [];
  const stream = reliableStream(model, request, {
    signal,
    limits: { ...defaultLimits, ...given },
    surroundings: time.surroundings,
    onRetry: ({ try: number, delayMs }) => void retries.push({ try: number, delayMs }),
  });
  const outcome = (async () => {
    for await (const part of stream) parts.push(part);
    return "whole" as const;
  })().catch((error: unknown) => error);
  return { time, retries, parts, outcome, stream };
}

test("an answer passes as it is, and no timer or abort is left behind", async () => {
  const { model, state } = createScripted([[text("a"), text("b"), finish]]);
  const { parts, outcome, time } = read(model);
  expect(await outcome).toBe("whole");
  expect(parts).toEqual([text("a"), text("b"), finish]);
  expect(time.timers.size).toBe(0);
  expect(state).toEqual({ calls: 1, aborted: 0, left: 1 });
});

describe("retries", () => {
  test("failures before the first token are tried again after growing pauses", async () => {
    const { model, state } = createScripted([[unavailable()], [unavailable()], [unavailable()], [text("a"), finish]]);
    const { retries, parts, outcome, time } = read(model);
    await time.pass(250);
    expect(state.calls).toBe(2);
    await time.pass(499);
    expect(state.calls).toBe(2);
    await time.pass(1 + 1_000);
    expect(await outcome).toBe("whole");
    expect(parts).toEqual([text("a"), finish]);
    expect(retries).toEqual([
      { try: 1, delayMs: 250 },
      { try: 2, delayMs: 500 },
      { try: 3, delayMs: 1_000 },
    ]);
  });

  test("after the last try its error is thrown", async () => {
    const last = unavailable();
    const { model, state } = createScripted([[unavailable()], [last]]);
    const { outcome, time } = read(model, { tries: 2 });
    await time.pass(10_000);
    expect(await outcome).toBe(last);
    expect(state.calls).toBe(2);
  });

  test("the provider's pause is kept, up to a minute", async () => {
    const { model, state } = createScripted([[unavailable(7_000)], [unavailable(3_600_000)], [finish]]);
    const { outcome, time, retries } = read(model);
    await time.pass(6_999);
    expect(state.calls).toBe(1);
    await time.pass(60_001);
    expect(await outcome).toBe("whole");
    expect(retries.map(({ delayMs }) => delayMs)).toEqual([7_000, 60_000]);
  });

  test("an error that no retry can help is thrown at once", async () => {
    const refused = new RunyardError("model_refused", "no");
    const { model } = createScripted([[refused], [finish]]);
    const { outcome, retries } = read(model);
    expect(await outcome).toBe(refused);
    expect(retries).toEqual([]);
  });

  test.each<[string, ModelPart]>([
    ["text", text("half")],
    ["reasoning", { type: "reasoning-delta", text: "hm" }],
    ["a tool call", { type: "tool-call", call: { id: "c", name: "t", input: {} } }],
  ])("once %s was given out a failure is thrown, however retryable", async (_, part) => {
    const cut = unavailable();
    const { model, state } = createScripted([[part, cut], [finish]]);
    const { outcome, parts } = read(model);
    expect(await outcome).toBe(cut);
    expect(parts).toEqual([part]);
    expect(state.calls).toBe(1);
  });

  test("a status is no part of the answer: after it the call is tried again", async () => {
    const status: ModelPart = { type: "status", text: "loading" };
    const { model } = createScripted([
      [status, unavailable()],
      [text("a"), finish],
    ]);
    const { outcome, parts, time } = read(model);
    await time.pass(1_000);
    expect(await outcome).toBe("whole");
    expect(parts).toEqual([status, text("a"), finish]);
  });

  test("what a wire throws that is no error of ours counts as a broken exchange", async () => {
    const { model } = createScripted([[new TypeError("socket")], [text("a"), finish]]);
    const { outcome, time } = read(model);
    await time.pass(1_000);
    expect(await outcome).toBe("whole");
  });

  test("a pause that does not fit into the total time is not begun", async () => {
    const busy = unavailable(50_000);
    const { model } = createScripted([[busy], [finish]]);
    const { outcome } = read(model, { totalTimeoutMs: 40_000 });
    expect(await outcome).toBe(busy);
  });
});

describe("time limits", () => {
  test("a model that does not begin is broken off and tried again", async () => {
    const { model, state } = createScripted([[forever], [text("a"), finish]]);
    const { outcome, time } = read(model);
    await time.pass(59_999);
    expect(state.calls).toBe(1);
    await time.pass(1_000);
    expect(await outcome).toBe("whole");
    expect(state).toMatchObject({ calls: 2, aborted: 1, left: 2 });
  });

  test("a pause within the answer ends it, measured from the last part", async () => {
    const gate = Promise.withResolvers<void>();
    const { model, state } = createScripted([[text("a"), gate.promise, text("b"), forever]]);
    const { outcome, parts, time } = read(model);
    await time.pass(29_000);
    gate.resolve();
    await time.pass(29_999);
    expect(parts).toEqual([text("a"), text("b")]);
    expect(state.aborted).toBe(0);
    await time.pass(1);
    expect(await outcome).toMatchObject({ code: "model_unavailable", retryable: true });
    expect(String(await outcome)).toContain("paused for 30000 ms");
    expect(state).toMatchObject({ calls: 1, aborted: 1 });
  });

  test("the total time ends an answer that never pauses", async () => {
    const gates = Array.from({ length: 100 }, () => Promise.withResolvers<void>());
    const { model } = createScripted([gates.flatMap(({ promise }) => [text("x"), promise])]);
    const { outcome, parts, time } = read(model, { totalTimeoutMs: 100_000 });
    for (const gate of gates.slice(0, 9)) {
      await time.pass(10_000);
      gate.resolve();
    }
    await time.pass(9_999);
    expect(parts).toHaveLength(10);
    await time.pass(1);
    expect(String(await outcome)).toContain("did not finish within 100000 ms");
  });

  test("the time a reader takes does not count against the model", async () => {
    const { model } = createScripted([[text("a"), text("b"), text("c"), finish]]);
    const time = createStillTime();
    const stream = reliableStream(model, request, {
      signal: new AbortController().signal,
      limits: defaultLimits,
      surroundings: time.surroundings,
    });
    expect((await stream.next()).value).toEqual(text("a"));
    expect((await stream.next()).value).toEqual(text("b"));
    await time.pass(120_000);
    expect((await stream.next()).value).toEqual(text("c"));
    await stream.return?.();
    expect(time.timers.size).toBe(0);
  });

  test("one that ignores being broken off is left behind", async () => {
    const model: LanguageModel = {
      id: "test/deaf",
      continuesAnswers: false,
      stream: () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) }),
    };
    const { outcome, time } = read(model, { tries: 1 });
    await time.pass(60_000);
    expect(String(await outcome)).toContain("did not begin its answer within 60000 ms");
  });
});

describe("leaving", () => {
  test("an abort ends the wait at once, whatever the model does", async () => {
    const controller = new AbortController();
    const { model, state } = createScripted([[text("a"), forever]]);
    const { outcome, parts, time } = read(model, {}, controller.signal);
    await time.pass(10);
    controller.abort();
    expect(await outcome).toMatchObject({ code: "cancelled" });
    expect(parts).toEqual([text("a")]);
    expect(time.timers.size).toBe(0);
    expect(state.aborted).toBe(1);
  });

  test("an abort during a pause calls the next try off", async () => {
    const controller = new AbortController();
    const { model, state } = createScripted([[unavailable()], [finish]]);
    const { outcome, time } = read(model, {}, controller.signal);
    await time.pass(100);
    controller.abort();
    expect(await outcome).toMatchObject({ code: "cancelled" });
    await time.pass(10_000);
    expect(state.calls).toBe(1);
  });

  test("a call that was aborted before it began does not begin", async () => {
    const { model, state } = createScripted([[finish]]);
    const { outcome } = read(model, {}, AbortSignal.abort());
    expect(await outcome).toMatchObject({ code: "cancelled" });
    expect(state.calls).toBe(0);
  });

  test("a reader that leaves after the last part does not abort the exchange, one that leaves before it does", async () => {
    const whole = createScripted([[text("a"), finish]]);
    for await (const part of read(whole.model).stream) if (part.type === "finish") break;
    expect(whole.state.aborted).toBe(0);
    const half = createScripted([[text("a"), finish]]);
    const time = createStillTime();
    const stream = reliableStream(half.model, request, {
      signal: new AbortController().signal,
      limits: defaultLimits,
      surroundings: time.surroundings,
    });
    for await (const _ of stream) break;
    expect(half.state).toMatchObject({ aborted: 1, left: 1 });
  });
});
