import { describe, expect, it } from "vitest";
import { newId } from "../../src/contract/ids.ts";
import type { Program } from "../../src/engine/program.ts";
import { UnitRejected } from "../../src/store/statement.ts";
import { startTestEngine, type TestEngine } from "../support/engine.ts";
import { gate } from "../support/gate.ts";
import { typesOf } from "../support/read-log.ts";
import { databaseKinds } from "../support/test-database.ts";

const asks: Program = async (ctx) => (await ctx.wait("answer")) ?? "nothing came";

/** Resolves once the execution waits in the database, and in no memory. */
async function suspended(test: TestEngine, id: string): Promise<void> {
  while ((await test.status(id)) !== "waiting" || test.engine.runningCount > 0) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe.each(databaseKinds)("waits on %s", (kind) => {
  it("end with a signal that comes while nothing is in memory", async () => {
    await using test = await startTestEngine(kind, { programs: { asks } });
    const id = await test.start({ program: "asks" });
    await suspended(test, id);
    expect(await test.engine.signal(id, "answer", { yes: true })).toBe(true);
    const log = await test.end(id);
    expect(log.at(-1)).toMatchObject({ body: { output: { yes: true } } });
    expect(typesOf(log)).toEqual([
      "execution-queued",
      "attempt-started",
      "wait-started",
      "signal-received",
      "attempt-started",
      "wait-finished",
      "execution-completed",
    ]);
  });

  it("take a signal that came before they began", async () => {
    const before = gate();
    const program: Program = async (ctx) => {
      await ctx.step("first", () => before.promise.then(() => null));
      return [(await ctx.wait("b")) ?? null, (await ctx.wait("a")) ?? null];
    };
    await using test = await startTestEngine(kind, { programs: { program } });
    const id = await test.start({ program: "program" });
    await test.engine.signal(id, "a", 1);
    await test.engine.signal(id, "b", 2);
    before.open();
    expect((await test.end(id)).at(-1)).toMatchObject({ body: { output: [2, 1] } });
  });

  it("take signals of one name in the order they came", async () => {
    const program: Program = async (ctx) => {
      const got = [];
      for (let index = 0; index < 5; index += 1) got.push((await ctx.wait("n")) ?? null);
      return got;
    };
    await using test = await startTestEngine(kind, { programs: { program } });
    const id = await test.start({ program: "program" });
    for (let index = 0; index < 5; index += 1) await test.engine.signal(id, "n", index);
    expect((await test.end(id)).at(-1)).toMatchObject({ body: { output: [0, 1, 2, 3, 4] } });
  });

  it("lose no signal that comes at any moment around the suspension", async () => {
    await using test = await startTestEngine(kind, { programs: { asks } });
    const ids = await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        const id = await test.start({ program: "asks" });
        // A few turns of the loop more for each: before, at and after the moment when it suspends.
        for (let turn = 0; turn < index % 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
        expect(await test.engine.signal(id, "answer", index)).toBe(true);
        return id;
      }),
    );
    const outputs = await Promise.all(ids.map(async (id) => (await test.end(id)).at(-1)?.body));
    expect(outputs).toEqual(ids.map((_, index) => ({ output: index })));
  });

  it("survive a death, and a signal that comes right after it", async () => {
    await using test = await startTestEngine(kind, { programs: { asks } });
    const id = await test.start({ program: "asks" });
    await suspended(test, id);
    await test.crash({ run: false });
    await test.engine.signal(id, "answer", "late");
    await test.engine.run();
    expect((await test.end(id)).at(-1)).toMatchObject({ body: { output: "late" } });
  });

  it("end by time, and remember the time they were given first", async () => {
    const program: Program = async (ctx) => {
      const answer = await ctx.wait("answer", { until: ctx.attempt === 1 ? Date.now() + 30 : Date.now() + 1e9 });
      return answer === undefined ? "time passed" : "answered";
    };
    await using test = await startTestEngine(kind, { programs: { program } });
    const log = await test.end(await test.start({ program: "program" }));
    expect(log.at(-1)).toMatchObject({ body: { output: "time passed" } });
    const [started, finished] = [
      log.find(({ type }) => type === "wait-started"),
      log.find(({ type }) => type === "wait-finished"),
    ];
    expect(finished).toMatchObject({ body: { name: "answer", timedOut: true } });
    expect(finished?.at).toBeGreaterThanOrEqual(started?.type === "wait-started" ? Number(started.body.until) : 0);
  });

  it("end by time although the process was dead when it passed", async () => {
    let now = Date.now();
    const program: Program = async (ctx) => (await ctx.wait("nap", { until: ctx.acceptedAt + 60_000 })) ?? "slept";
    await using test = await startTestEngine(kind, { programs: { program }, now: () => now });
    const id = await test.start({ program: "program" });
    await suspended(test, id);
    await test.crash({ run: false });
    now += 60_000;
    await test.engine.run();
    expect((await test.end(id)).at(-1)).toMatchObject({ body: { output: "slept" } });
  });

  it("end by time each at its own, whatever else is far away", async () => {
    const program: Program = async (ctx, input) => {
      await ctx.wait("nap", { until: ctx.acceptedAt + Number(input) });
      return null;
    };
    await using test = await startTestEngine(kind, { programs: { program } });
    const far = await test.start({ program: "program", input: 40 * 24 * 3600 * 1000 });
    await suspended(test, far);
    const naps = [];
    for (const delay of [90, 10, 50]) naps.push({ delay, id: await test.start({ program: "program", input: delay }) });
    for (const { id, delay } of naps) {
      const finished = (await test.end(id)).find(({ type }) => type === "wait-finished");
      const [queued] = await test.log(id);
      if (queued === undefined) throw new Error("expected a log");
      expect(finished?.at).toBeGreaterThanOrEqual(queued.at + delay);
    }
    expect(await test.status(far)).toBe("waiting");
  });

  it("go on in the order of their times when they are late together", async () => {
    let now = Date.now();
    const order: number[] = [];
    const program: Program = async (ctx, input) => {
      await ctx.wait("nap", { until: ctx.acceptedAt + Number(input) });
      order.push(Number(input));
      return null;
    };
    await using test = await startTestEngine(kind, { programs: { program }, now: () => now });
    const ids = [];
    for (const delay of [90_000, 10_000, 50_000]) ids.push(await test.start({ program: "program", input: delay }));
    for (const id of ids) await suspended(test, id);
    now += 100_000;
    await test.restart({ limits: { total: 1, perOrganization: 1, perAgent: 1 } });
    for (const id of ids) await test.end(id);
    expect(order).toEqual([10_000, 50_000, 90_000]);
  });

  it("side by side end each with its own answer", async () => {
    const program: Program = async (ctx) => {
      const [one, two, slow] = await Promise.all([
        ctx.wait("one"),
        ctx.wait("two"),
        ctx.step("slow", async () => "done"),
      ]);
      return [one ?? null, two ?? null, slow];
    };
    await using test = await startTestEngine(kind, { programs: { program } });
    const id = await test.start({ program: "program" });
    await suspended(test, id);
    await test.engine.signal(id, "two", 2);
    await suspended(test, id);
    await test.engine.signal(id, "one", 1);
    expect((await test.end(id)).at(-1)).toMatchObject({ body: { output: [1, 2, "done"] } });
  });

  it("refuse a signal to an execution that has ended, or that there is none of", async () => {
    await using test = await startTestEngine(kind, { programs: { asks } });
    const id = await test.start({ program: "asks" });
    await test.engine.signal(id, "answer", 1);
    const log = await test.end(id);
    expect(await test.engine.signal(id, "answer", 2)).toBe(false);
    expect(await test.engine.signal(newId(), "answer", 2)).toBe(false);
    expect(await test.log(id)).toEqual(log);
  });

  it("are not stored for an execution whose caller's own statement is rejected", async () => {
    await using test = await startTestEngine(kind, { programs: { asks } });
    const id = await test.start({ program: "asks" });
    await suspended(test, id);
    const { database } = test;
    const refused = {
      sql: "update blob set size_bytes = 0 where sha256 = 'nothing'",
      params: [],
      returnsRows: false,
      expectsRow: true,
    };
    await expect(test.engine.signal(id, "answer", 1, [refused])).rejects.toBeInstanceOf(UnitRejected);
    expect(await test.status(id)).toBe("waiting");
    expect(database.dialect.name).toBe(kind);
  });

  it("run nothing and hold nothing while they last", async () => {
    await using test = await startTestEngine(kind, {
      programs: { asks },
      limits: { total: 2, perOrganization: 2, perAgent: 2 },
    });
    const ids = await Promise.all(Array.from({ length: 30 }, () => test.start({ program: "asks" })));
    await Promise.all(ids.map((id) => suspended(test, id)));
    await Promise.all(ids.map((id, index) => test.engine.signal(id, "answer", index)));
    const outputs = await Promise.all(ids.map(async (id) => (await test.end(id)).at(-1)?.body));
    expect(outputs).toEqual(ids.map((_, index) => ({ output: index })));
  });
});

describe.each(databaseKinds)("children on %s", (kind) => {
  const parent = (test: () => TestEngine): Program => {
    return async (ctx, input) => {
      const childId = await ctx.step("start child", async () => {
        const id = newId();
        await test().start({ id, program: String(input), parent: { id: ctx.executionId, wait: "child" } });
        return id;
      });
      return (await ctx.wait("child")) ?? childId;
    };
  };
  const childPrograms = (): Record<string, Program> => ({
    quick: async () => "made",
    slow: async (ctx) => (await ctx.wait("go")) ?? null,
    broken: () => Promise.reject(new TypeError("oops")),
  });

  async function withParent(run: (test: TestEngine) => Promise<void>): Promise<void> {
    let made: TestEngine | undefined;
    const current = () => {
      if (made === undefined) throw new Error("not yet");
      return made;
    };
    await using test = await startTestEngine(kind, { programs: { ...childPrograms(), parent: parent(current) } });
    made = test;
    await run(test);
  }

  const childOf = async (test: TestEngine, id: string) => {
    const event = await test.event(id, ({ type }) => type === "step-finished");
    return event.type === "step-finished" ? String(event.body.result) : "";
  };

  it("hand their output to the parent that waits", () =>
    withParent(async (test) => {
      const id = await test.start({ program: "parent", input: "quick" });
      const log = await test.end(id);
      expect(log.at(-1)).toMatchObject({ body: { output: { status: "completed", output: "made" } } });
    }));

  it("hand their failure to the parent", () =>
    withParent(async (test) => {
      const log = await test.end(await test.start({ program: "parent", input: "broken" }));
      expect(log.at(-1)).toMatchObject({ body: { output: { status: "failed", error: { code: "internal_error" } } } });
    }));

  it("wake a parent that is in no memory", () =>
    withParent(async (test) => {
      const id = await test.start({ program: "parent", input: "slow" });
      const childId = await childOf(test, id);
      await suspended(test, id);
      await test.engine.signal(childId, "go", 7);
      expect((await test.end(id)).at(-1)).toMatchObject({
        body: { output: { executionId: childId, status: "completed", output: 7 } },
      });
    }));

  it("tell the parent when they are cancelled", () =>
    withParent(async (test) => {
      const id = await test.start({ program: "parent", input: "slow" });
      const childId = await childOf(test, id);
      await suspended(test, id);
      await test.engine.cancel(childId, { by: "test" });
      expect((await test.end(id)).at(-1)).toMatchObject({
        body: { output: { executionId: childId, status: "cancelled" } },
      });
    }));

  it("end although the parent has ended before", () =>
    withParent(async (test) => {
      const id = await test.start({ program: "parent", input: "slow" });
      const childId = await childOf(test, id);
      await test.engine.cancel(id, { by: "test" });
      const log = await test.end(id);
      await test.engine.signal(childId, "go", 7);
      expect((await test.end(childId)).at(-1)).toMatchObject({ type: "execution-completed" });
      expect(await test.log(id)).toEqual(log);
    }));
});
