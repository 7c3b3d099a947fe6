// One run of bench/slow-disk.ts: executions at a steady rate beside a timer that measures how late the loop comes to it.
import { monitorEventLoopDelay } from "node:perf_hooks";
import { newId } from "../../src/contract/ids.ts";
import { SqliteDatabase } from "../../src/store/dialects/sqlite/sqlite-database.ts";
import { InlineSqlite } from "./inline-sqlite.ts";
import { quantile } from "./figures.ts";
import { createThreeStepEngine, runThreeSteps } from "./three-step-engine.ts";

const [path = "", mode = "", seconds = "", rate = ""] = process.argv.slice(2);
const database = mode === "aside" ? new SqliteDatabase({ path }) : new InlineSqlite(path);
await database.migrate();
const engine = createThreeStepEngine(database);
await engine.run();
const organizationId = newId();
for (let index = 0; index < 300; index += 1) await runThreeSteps(engine, organizationId);

const resolution = 1;
const delays = monitorEventLoopDelay({ resolution });
const latencies: number[] = [];
const running = new Set<Promise<void>>();
const startedAt = performance.now();
let accepted = 0;
delays.enable();
while (performance.now() < startedAt + Number(seconds) * 1000) {
  // As many as should have begun by now, however late this turn comes.
  const due = ((performance.now() - startedAt) / 1000) * Number(rate);
  for (; accepted < due && running.size < 1000; accepted += 1) {
    const begun = performance.now();
    const one: Promise<void> = runThreeSteps(engine, organizationId).then(() => {
      latencies.push(performance.now() - begun);
      running.delete(one);
    });
    running.add(one);
  }
  await new Promise((resolve) => setTimeout(resolve, 1));
}
delays.disable();
const delayMs = (share: number) => Math.max(0, delays.percentile(share) / 1e6 - resolution);
const perSecond = (latencies.length / (performance.now() - startedAt)) * 1000;
process.stdout.write(
  `${JSON.stringify({ p50: delayMs(50), p99: delayMs(99), max: delays.max / 1e6 - resolution, perSecond, latency: quantile(latencies, 0.5) })}\n`,
);
await Promise.all(running);
await engine.drain(1000);
await database[Symbol.asyncDispose]();
