// A three-step program through HTTP against a bare route that commits the same rows, and through the engine alone.
// Run: node bench/engine.ts [--seconds 4]
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newId } from "../src/contract/ids.ts";
import { SqliteDatabase } from "../src/store/dialects/sqlite/sqlite-database.ts";
import { startProcess } from "./parts/child-process.ts";
import { type Figure, printFigures, readBenchOptions } from "./parts/figures.ts";
import { load, type Load } from "./parts/load.ts";
import { cpuMs } from "./parts/process-usage.ts";
import { createThreeStepEngine, floorUnit, runThreeSteps } from "./parts/three-step-engine.ts";

const { seconds, json } = readBenchOptions(4);
const folder = await mkdtemp(join(tmpdir(), "runyard-bench-"));
const figures = [...(await throughHttp()), ...(await alone())];
await rm(folder, { recursive: true });
printFigures("Three steps, no model, SQLite; from source", figures, json);

async function throughHttp(): Promise<Figure[]> {
  await using server = await startProcess(["bench/parts/engine-server.ts", join(folder, "http.db")]);
  const pid = server.child.pid ?? 0;
  const measure = async (path: string, callers: number, forSeconds: number): Promise<Load & { cpuMsEach: number }> => {
    const before = cpuMs(pid);
    const result = await load(server.firstLine + path, { callers, seconds: forSeconds });
    if (result.failed > 0) throw new Error(`${result.failed} requests to ${path} failed`);
    return { ...result, cpuMsEach: (cpuMs(pid) - before) / (result.perSecond * forSeconds) };
  };
  await measure("/execute", 64, 2);
  await measure("/floor", 64, 1);
  const one = { floor: await measure("/floor", 1, seconds), ours: await measure("/execute", 1, seconds) };
  const many = { floor: await measure("/floor", 64, seconds), ours: await measure("/execute", 64, seconds) };
  const ratio = many.ours.perSecond / many.floor.perSecond;
  return [
    {
      figure: "through HTTP, 64 callers",
      measured: `${many.ours.perSecond.toFixed(0)}/s`,
      floor: `${many.floor.perSecond.toFixed(0)}/s`,
      ratio: ratio.toFixed(2),
      target: "≥ 0.50 of the floor, ≥ 5,000/s",
      reached: ratio >= 0.5 && many.ours.perSecond >= 5000,
    },
    {
      figure: "server CPU an execution, 64 callers",
      measured: `${many.ours.cpuMsEach.toFixed(3)} ms`,
      floor: `${many.floor.cpuMsEach.toFixed(3)} ms`,
      ratio: (many.ours.cpuMsEach / many.floor.cpuMsEach).toFixed(2),
    },
    {
      figure: "p50, 1 caller",
      measured: `${one.ours.p50Ms.toFixed(2)} ms`,
      floor: `${one.floor.p50Ms.toFixed(2)} ms`,
      ratio: (one.ours.p50Ms / one.floor.p50Ms).toFixed(2),
      target: "≤ 2 ms",
      reached: one.ours.p50Ms <= 2,
    },
  ];
}

async function alone(): Promise<Figure[]> {
  await using database = new SqliteDatabase({ path: join(folder, "alone.db") });
  await database.migrate();
  const engine = createThreeStepEngine(database);
  await engine.run();
  const organizationId = newId();
  const unit = floorUnit(database);
  await repeat(64, 2, () => runThreeSteps(engine, organizationId));
  const figures: Figure[] = [];
  for (const callers of [1, 64]) {
    const floor = await repeat(callers, seconds, () => database.write(unit(organizationId)));
    const ours = await repeat(callers, seconds, () => runThreeSteps(engine, organizationId));
    figures.push({
      figure: `engine alone, ${callers} caller${callers === 1 ? "" : "s"}`,
      measured: `${ours.toFixed(0)}/s`,
      floor: `${floor.toFixed(0)}/s`,
      ratio: (ours / floor).toFixed(2),
    });
  }
  await engine.drain(1000);
  return figures;
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
