// A three-step program through HTTP against a bare route that commits the same rows, and through the engine alone.
// Run: node bench/engine.ts [--seconds 4]
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { newId } from "../src/contract/ids.ts";
import { SqliteDatabase } from "../src/store/dialects/sqlite/sqlite-database.ts";
import { startProcess } from "./parts/child-process.ts";
import { load } from "./parts/load.ts";
import { createThreeStepEngine, floorUnit, runThreeSteps } from "./parts/three-step-engine.ts";

const { values } = parseArgs({ options: { seconds: { type: "string", default: "4" } } });
const seconds = Number(values.seconds);
const folder = await mkdtemp(join(tmpdir(), "runyard-bench-"));

await throughHttp();
await alone();
await rm(folder, { recursive: true });

async function throughHttp(): Promise<void> {
  await using server = await startProcess(["bench/parts/engine-server.ts", join(folder, "http.db")]);
  const url = server.firstLine;
  await load(`${url}/execute`, { callers: 64, seconds: 1 });
  await load(`${url}/floor`, { callers: 64, seconds: 1 });
  for (const callers of [1, 64]) {
    const floor = await load(`${url}/floor`, { callers, seconds });
    const ours = await load(`${url}/execute`, { callers, seconds });
    if (ours.failed + floor.failed > 0) throw new Error(`${ours.failed + floor.failed} requests failed`);
    console.log(
      `through HTTP, ${callers} callers: ${ours.perSecond.toFixed(0)}/s, p50 ${ours.p50Ms.toFixed(2)} ms, ` +
        `p99 ${ours.p99Ms.toFixed(2)} ms; floor ${floor.perSecond.toFixed(0)}/s, p50 ${floor.p50Ms.toFixed(2)} ms; ` +
        `ratio ${(ours.perSecond / floor.perSecond).toFixed(2)}`,
    );
  }
}

async function alone(): Promise<void> {
  await using database = new SqliteDatabase({ path: join(folder, "alone.db") });
  await database.migrate();
  const engine = createThreeStepEngine(database);
  await engine.run();
  const organizationId = newId();
  const unit = floorUnit(database);
  await repeat(64, 1, () => runThreeSteps(engine, organizationId));
  for (const callers of [1, 64]) {
    const floor = await repeat(callers, seconds, () => database.write(unit(organizationId)));
    const ours = await repeat(callers, seconds, () => runThreeSteps(engine, organizationId));
    console.log(
      `engine alone, ${callers} callers: ${ours.toFixed(0)}/s; floor ${floor.toFixed(0)}/s; ` +
        `ratio ${(ours / floor).toFixed(2)}`,
    );
  }
  await engine.drain(1000);
}

/** Calls a second. */
async function repeat(callers: number, forSeconds: number, call: () => Promise<unknown>): Promise<number> {
  let count = 0;
  const start = performance.now();
  const end = start + forSeconds * 1000;
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (performance.now() < end) {
        await call();
        count += 1;
      }
    }),
  );
  return (count / (performance.now() - start)) * 1000;
}
