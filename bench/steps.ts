// What step 1,000 of one execution costs against its first ones, and what it costs to take such an execution up again.
// Run: node bench/steps.ts [--seconds 4]
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newId } from "../src/contract/ids.ts";
import { Engine } from "../src/engine/engine.ts";
import { foldLog } from "../src/engine/fold-log.ts";
import { SqliteDatabase } from "../src/store/dialects/sqlite/sqlite-database.ts";
import { printFigures, quantile, readBenchOptions } from "./parts/figures.ts";

const steps = 1000;
const window = 100;

const { seconds, json } = readBenchOptions(4);
const folder = await mkdtemp(join(tmpdir(), "runyard-bench-"));
const database = new SqliteDatabase({ path: join(folder, "steps.db") });
await database.migrate();
const engine = new Engine({
  database,
  limits: { total: 10, perOrganization: 10, perAgent: 10 },
  hooks: { alongside: () => [] },
});
const first: number[] = [];
const last: number[] = [];
const resumed: number[] = [];
let warm = false;
engine.define("long", async (ctx) => {
  const startedAt = performance.now();
  for (let step = 1; step <= steps; step += 1) {
    const before = performance.now();
    await ctx.step(`step ${step}`, async () => step);
    if (!warm || ctx.attempt > 1) continue;
    if (step <= window) first.push(performance.now() - before);
    if (step > steps - window) last.push(performance.now() - before);
  }
  if (warm && ctx.attempt > 1) resumed.push(performance.now() - startedAt);
  await ctx.wait("go on");
  return null;
});
await engine.run();

const endAt = performance.now() + seconds * 1000;
// One at a time, so that early and late steps meet the same machine.
while (performance.now() < endAt || last.length === 0) {
  const id = newId();
  await engine.start({ id, organizationId: newId(), program: "long", input: null });
  await reach(id, "wait-started");
  await engine.signal(id, "go on");
  await reach(id, "execution-completed");
  warm = true;
}
await engine.drain(1000);
await database[Symbol.asyncDispose]();
await rm(folder, { recursive: true });

const early = quantile(first, 0.5);
const late = quantile(last, 0.5);
printFigures(
  "Steps of one execution, SQLite",
  [
    {
      figure: `steps ${steps - window + 1} to ${steps}, p50`,
      measured: `${late.toFixed(3)} ms`,
      floor: `${early.toFixed(3)} ms (steps 1 to ${window})`,
      ratio: (late / early).toFixed(2),
      target: "≤ 1.10",
      reached: late / early <= 1.1,
    },
    { figure: `passing ${steps} journaled steps again`, measured: `${quantile(resumed, 0.5).toFixed(2)} ms` },
  ],
  json,
);

async function reach(id: string, type: string): Promise<void> {
  await foldLog(engine.feed, id, { after: 0, endsAt: (event) => event.type === type }, () => undefined);
}
