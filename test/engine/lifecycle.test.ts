import { once } from "node:events";
import { describe, expect, it } from "vitest";
import type { Program } from "../../src/engine/program.ts";
import { toStatement } from "../../src/store/database.ts";
import { StoreUnavailable } from "../../src/store/statement.ts";
import { SeverableDatabase } from "../support/severable-database.ts";
import { silentHooks, startTestEngine } from "../support/engine.ts";
import { gate } from "../support/gate.ts";
import { typesOf } from "../support/read-log.ts";
import { databaseKinds } from "../support/test-database.ts";

describe.each(databaseKinds)("the engine on %s", (kind) => {
  it("lets what runs come to its end when it drains in time", async () => {
    const hold = gate();
    const program: Program = (ctx) => ctx.step("hold", () => hold.promise.then(() => "done"));
    await using test = await startTestEngine(kind, { programs: { program } });
    const id = await test.start({ program: "program" });
    const drained = test.engine.drain(60_000);
    hold.open();
    await drained;
    expect(await test.status(id)).toBe("completed");
  });

  it("hands back what does not end in time, and the next one goes on with it", async () => {
    const never = gate();
    const program: Program = async (ctx) => {
      const first = await ctx.step("first", async () => ctx.attempt);
      await ctx.step("second", () => (ctx.attempt === 1 ? never.promise.then(() => null) : Promise.resolve(null)));
      return first;
    };
    await using test = await startTestEngine(kind, { programs: { program } });
    const id = await test.start({ program: "program" });
    await test.event(id, ({ type }) => type === "step-finished");
    await test.restart();
    const log = await test.end(id);
    expect(log.at(-1)).toMatchObject({ type: "execution-completed", body: { output: 1 }, attempt: 2 });
    expect(log.find(({ attempt, type }) => attempt === 2 && type === "attempt-started")?.body).toMatchObject({
      reason: "handed-back",
    });
  });

  it("counts what a step has used that was handed back", async () => {
    const usage = { inputTokens: 7, outputTokens: 3, cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 };
    const call = { model: "m", purpose: "answer", finishReason: "cancelled", estimated: true, durationMs: 1 } as const;
    const program: Program = (ctx) =>
      ctx.step("call", async (step) => {
        if (ctx.attempt > 1) return null;
        step.emit({ type: "status-noted", body: { text: "begun" } });
        await once(step.signal, "abort");
        return null;
      });
    const emitting: Program = (ctx, input) => {
      ctx.signal.addEventListener("abort", () =>
        ctx.emit({ type: "model-called", body: { ...call, usage, costNanoUsd: 11 } }),
      );
      return program(ctx, input);
    };
    await using test = await startTestEngine(kind, { programs: { program: emitting } });
    const id = await test.start({ program: "program" });
    await test.event(id, ({ type }) => type === "status-noted");
    await test.restart({ programs: { program } });
    const log = await test.end(id);
    expect(log.filter(({ type }) => type === "model-called")).toHaveLength(1);
    const [row] = await test.database.read(
      toStatement(test.database.builder.selectFrom("execution").selectAll().where("id", "=", id)),
    );
    expect(row).toMatchObject({ cost_nano_usd: 11, input_tokens: 7, output_tokens: 3 });
  });

  it("loses nothing that is accepted while it drains", async () => {
    const program: Program = (ctx) => ctx.step("one", async () => "done");
    await using test = await startTestEngine(kind, { programs: { program } });
    const starts = Array.from({ length: 50 }, () => test.start({ program: "program" }));
    const drained = test.engine.drain(0);
    const ids = await Promise.all(starts);
    await drained;
    expect(test.engine.runningCount).toBe(0);
    for (const id of ids) expect(["queued", "completed"]).toContain(await test.status(id));
    await test.restart();
    for (const id of ids) expect((await test.end(id)).at(-1)?.type).toBe("execution-completed");
  });

  it("takes up at its start whatever a dead one left, in every state", async () => {
    const hold = gate();
    let dead = false;
    const program: Program = async (ctx, input) => {
      if (input === "waits") return (await ctx.wait("go")) ?? null;
      await ctx.step("work", () => (dead ? Promise.resolve(null) : hold.promise.then(() => null)));
      return "done";
    };
    await using test = await startTestEngine(kind, {
      programs: { program },
      limits: { total: 12, perOrganization: 12, perAgent: 12 },
    });
    const running = await Promise.all(Array.from({ length: 30 }, () => test.start({ program: "program", input: "" })));
    dead = true;
    await test.crash();
    const waiting = await test.start({ program: "program", input: "waits" });
    for (const id of running) expect((await test.end(id)).at(-1)?.type).toBe("execution-completed");
    await test.event(waiting, ({ type }) => type === "wait-started");
    await test.crash();
    await test.engine.signal(waiting, "go", 1);
    expect((await test.end(waiting)).at(-1)).toMatchObject({ body: { output: 1 } });
    hold.open();
  });

  it("fails as poison what died three times with its process, and keeps its log", async () => {
    const hold = gate();
    const begun = [gate(), gate(), gate()];
    let runs = 0;
    const poison: Program = async (ctx) => {
      ctx.emit({ type: "status-noted", body: { text: "alive" } });
      await ctx.step("kills", () => {
        begun[runs]?.open();
        runs += 1;
        return hold.promise.then(() => null);
      });
      return null;
    };
    await using test = await startTestEngine(kind, { programs: { poison } });
    const id = await test.start({ program: "poison" });
    await test.event(id, ({ type }) => type === "status-noted");
    for (const { promise } of begun) {
      await promise;
      await test.crash();
    }
    const log = await test.end(id);
    expect(runs).toBe(3);
    expect(log.at(-1)).toMatchObject({ type: "execution-failed", body: { error: { code: "poison" } } });
    expect(typesOf(log)).toContain("status-noted");
    expect(log.map(({ seq }) => seq)).toEqual(log.map((_, index) => index + 1));
    hold.open();
  });

  it("does not take for poison what made progress between its deaths", async () => {
    const hold = gate();
    const program: Program = async (ctx) => {
      for (let index = 1; index <= 6; index += 1) {
        await ctx.step(`part ${index}`, () =>
          ctx.attempt === index ? hold.promise.then(() => null) : Promise.resolve(null),
        );
      }
      return "through";
    };
    await using test = await startTestEngine(kind, { programs: { program } });
    const id = await test.start({ program: "program" });
    for (let death = 1; death <= 6; death += 1) {
      await test.event(id, (event) => event.type === "attempt-started" && event.body.attempt === death);
      if (death > 1) {
        await test.event(id, (event) => event.type === "step-finished" && event.body.name === `part ${death - 1}`);
      }
      await test.crash();
    }
    expect((await test.end(id)).at(-1)).toMatchObject({ type: "execution-completed", body: { output: "through" } });
    hold.open();
  });

  it("goes on by itself with what it gave up when the database failed", async () => {
    const failures: unknown[] = [];
    const reached = gate();
    const failed = gate();
    const program: Program = async (ctx) => {
      await ctx.step("first", async () => null);
      if (ctx.attempt === 1) {
        reached.open();
        await failed.promise;
      }
      await ctx.step("second", async () => null);
      return ctx.attempt;
    };
    await using test = await startTestEngine(kind, {
      programs: { program },
      hooks: { ...silentHooks, storeFailed: (_, error) => failures.push(error) },
    });
    const id = await test.start({ program: "program" });
    await reached.promise;
    const { database } = test;
    if (!(database instanceof SeverableDatabase)) throw new Error("expected a database that can fail");
    database.failWrites(1);
    failed.open();
    const log = await test.end(id);
    expect(log.at(-1)).toMatchObject({ type: "execution-completed", body: { output: 2 } });
    expect(failures).toHaveLength(1);
    expect(log.filter(({ type }) => type === "step-finished")).toHaveLength(2);
  });

  it("says so when it could not store a start, and runs nothing of it", async () => {
    let runs = 0;
    const program: Program = async () => {
      runs += 1;
      return null;
    };
    await using test = await startTestEngine(kind, { programs: { program } });
    const { database } = test;
    if (!(database instanceof SeverableDatabase)) throw new Error("expected a database that can fail");
    database.failWrites(1);
    await expect(test.start({ program: "program" })).rejects.toThrow(StoreUnavailable);
    expect(runs).toBe(0);
    expect(test.engine.runningCount).toBe(0);
    await test.end(await test.start({ program: "program" }));
    expect(runs).toBe(1);
  });

  it("commits with each write what its hooks add, or neither", async () => {
    const program: Program = (ctx) => ctx.step("one", async () => null);
    await using test = await startTestEngine(kind, {
      programs: { program },
      hooks: {
        alongside: (facts, events) =>
          events.map((event, index) => ({
            sql: `insert into blob (sha256, size_bytes, created_at) values ('${facts.id}-${event.type}', ${index}, 0)`,
            params: [],
            returnsRows: false,
          })),
      },
    });
    const id = await test.start({ program: "program" });
    const log = await test.end(id);
    await expect(test.start({ id, program: "program" })).rejects.toMatchObject({ failure: "unique" });
    const sql = `select sha256 from blob where sha256 like '${id}-%'`;
    const rows = await test.database.read({ sql, params: [], returnsRows: true });
    expect(rows.map((row) => String(row["sha256"]).slice(id.length + 1)).sort()).toEqual(typesOf(log).sort());
  });
});
