import { describe, expect, test } from "vitest";
import { RunyardError } from "../../src/contract/errors.ts";
import { newId } from "../../src/contract/ids.ts";
import type { EngineHooks } from "../../src/engine/hooks.ts";
import type { Ctx } from "../../src/engine/program.ts";
import { createAlongside } from "../../src/operations/execution-hooks.ts";
import type { Row } from "../../src/store/statement.ts";
import { startTestEngine, type TestEngine } from "../support/engine.ts";
import { modelCalled } from "../support/model-called.ts";
import { databaseKinds } from "../support/test-database.ts";

const call = (ctx: Ctx, name: string, cost: number | null) =>
  ctx.step(name, async (step) => {
    step.emit(modelCalled(cost));
    return null;
  });

const programs = {
  free: async (ctx: Ctx) => call(ctx, "one", 0),
  unknown: async (ctx: Ctx) => call(ctx, "one", null),
  once: async (ctx: Ctx) => call(ctx, "one", 300),
  first: async (ctx: Ctx) => {
    await call(ctx, "one", 300);
    return call(ctx, "two", 0);
  },
  fails: async (ctx: Ctx) => {
    await call(ctx, "one", 300);
    throw new RunyardError("tool_error", "It did not work.");
  },
  waits: async (ctx: Ctx) => {
    await call(ctx, "one", 300);
    await ctx.wait("answer");
    return call(ctx, "two", null);
  },
};

async function start(kind: Parameters<typeof startTestEngine>[0]): Promise<TestEngine> {
  let alongside: EngineHooks["alongside"] = () => [];
  const hooks: EngineHooks = { alongside: (...args) => alongside(...args) };
  const engine = await startTestEngine(kind, { programs, hooks });
  alongside = createAlongside(engine.database, Date.now);
  return engine;
}

/** What the ledger says of one execution. */
async function entries({ database }: TestEngine, id: string): Promise<readonly Row[]> {
  return database.read({
    sql: `select kind, amount_nano_usd as amount from credit_entry where execution_id = '${id}'`,
    params: [],
    returnsRows: true,
  });
}

describe.each(databaseKinds)("the ledger, on %s", (kind) => {
  test.each([
    ["free", 0],
    ["unknown", 0],
    ["once", 300],
    ["first", 300],
    ["fails", 300],
  ])("settles what an execution has cost (%s)", async (program, cost) => {
    await using engine = await start(kind);
    const id = await engine.start({ program, agentId: newId() });
    await engine.end(id);
    expect(await entries(engine, id)).toEqual(cost === 0 ? [] : [{ kind: "settle", amount: cost }]);
  });

  test.each(["signal", "cancel"])("settles what an earlier attempt has cost, ended by a %s", async (how) => {
    await using engine = await start(kind);
    const id = await engine.start({ program: "waits", agentId: newId() });
    await engine.event(id, ({ type }) => type === "wait-started");
    if (how === "signal") await engine.engine.signal(id, "answer");
    else await engine.engine.cancel(id, { by: "test" });
    await engine.end(id);
    expect(await entries(engine, id)).toEqual([{ kind: "settle", amount: 300 }]);
  });
});
