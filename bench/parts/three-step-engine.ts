import { newId } from "../../src/contract/ids.ts";
import { Engine } from "../../src/engine/engine.ts";
import { foldLog } from "../../src/engine/fold-log.ts";
import type { Database } from "../../src/store/database.ts";
import { prepared } from "../../src/store/prepared.ts";
import type { Statement } from "../../src/store/statement.ts";

/** An engine with the program that the benchmarks run: three steps, no model. */
export function createThreeStepEngine(database: Database): Engine {
  const engine = new Engine({
    database,
    limits: { total: 1000, perOrganization: 1000, perAgent: 1000 },
    hooks: { alongside: () => [] },
  });
  engine.define("three-steps", async (ctx) => {
    let sum = 0;
    for (let step = 1; step <= 3; step += 1) sum += await ctx.step(`step-${step}`, async () => step);
    return sum;
  });
  return engine;
}

/** Starts one and resolves with its output, as a synchronous call does. */
export async function runThreeSteps(engine: Engine, organizationId: string): Promise<unknown> {
  const id = newId();
  await engine.start({ id, organizationId, program: "three-steps", input: { question: "none" } });
  const last = await foldLog(engine.feed, id, { after: 0 }, () => undefined);
  if (last?.type !== "execution-completed") throw new Error("the execution did not complete");
  return last.body.output;
}

/** The rows that one such execution leaves: itself and six events. */
export function floorUnit(database: Database): (organizationId: string) => Statement[] {
  const insertEvent = prepared<{ id: string; seq: number; type: string; body: string; at: number }>((p) =>
    database.builder.insertInto("event").values({
      execution_id: p.id,
      seq: p.seq,
      attempt: 1,
      step: 0,
      type: p.type,
      body: p.body,
      at: p.at,
    }),
  );
  const insertExecution = prepared<{ id: string; organizationId: string; at: number }>((p) =>
    database.builder.insertInto("execution").values({
      id: p.id,
      organization_id: p.organizationId,
      program: "three-steps",
      status: "completed",
      attempt: 1,
      last_seq: 6,
      queued_reason: "first",
      run_at: p.at,
      metadata: "{}",
      created_at: p.at,
      finished_at: p.at,
      reserved_nano_usd: 0,
    }),
  );
  const bodies = [
    ["execution-queued", { input: { question: "none" } }],
    ["attempt-started", { attempt: 1, reason: "first" }],
    ["step-finished", { name: "step-1", result: 1 }],
    ["step-finished", { name: "step-2", result: 2 }],
    ["step-finished", { name: "step-3", result: 3 }],
    ["execution-completed", { output: 6 }],
  ] as const;
  return (organizationId) => {
    const id = newId();
    const at = Date.now();
    return [
      insertExecution({ id, organizationId, at }),
      ...bodies.map(([type, body], index) => insertEvent({ id, seq: index + 1, type, body: JSON.stringify(body), at })),
    ];
  };
}
