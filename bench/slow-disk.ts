// SQLite synced aside, as the product does, against SQLite that syncs at each commit: how late the event loop comes to its
// timers, with the disk as it is and with 5 ms more for each sync. Needs a C compiler.
// Run: node bench/slow-disk.ts [--seconds 4]
import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { startProcess } from "./parts/child-process.ts";
import { type Figure, printFigures, readBenchOptions } from "./parts/figures.ts";

/** Executions a second, of five commits each: what one process with a slow disk can be asked to keep up with. */
const rate = 300;
const targetMs = 10;
const resultSchema = z.object({
  p50: z.number(),
  p99: z.number(),
  max: z.number(),
  perSecond: z.number(),
  latency: z.number(),
});

const { seconds, json } = readBenchOptions(4);
const folder = await mkdtemp(join(tmpdir(), "runyard-bench-"));
const shim = join(folder, "slow-sync.so");
execFileSync("cc", ["-shared", "-fPIC", "-O2", "-o", shim, "bench/parts/slow-sync.c", "-ldl"]);
const figures: Figure[] = [];
for (const disk of ["as it is", "5 ms slower"] as const) {
  const inPlace = await run("in place", disk);
  const aside = await run("aside", disk);
  figures.push(
    {
      figure: `event-loop delay p99, disk ${disk}`,
      measured: `${aside.p99.toFixed(1)} ms`,
      floor: `${inPlace.p99.toFixed(1)} ms in place`,
      ratio: (aside.p99 / inPlace.p99).toFixed(2),
      target: `≤ ${targetMs} ms`,
      reached: aside.p99 <= targetMs,
    },
    {
      figure: `event-loop delay p50, disk ${disk}`,
      measured: `${aside.p50.toFixed(1)} ms`,
      floor: `${inPlace.p50.toFixed(1)} ms in place`,
    },
    {
      figure: `executions, asked for ${rate}/s, disk ${disk}`,
      measured: `${aside.perSecond.toFixed(0)}/s, p50 ${aside.latency.toFixed(1)} ms`,
      floor: `${inPlace.perSecond.toFixed(0)}/s, p50 ${inPlace.latency.toFixed(1)} ms in place`,
    },
  );
}
await rm(folder, { recursive: true });
printFigures("SQLite synced aside, and in place", figures, json);

async function run(
  mode: "aside" | "in place",
  disk: "as it is" | "5 ms slower",
): Promise<z.infer<typeof resultSchema>> {
  const path = join(folder, `${mode.length}-${disk.length}.db`);
  await using child = await startProcess(
    ["bench/parts/slow-disk-process.ts", path, mode, String(seconds), String(rate)],
    disk === "5 ms slower" ? { LD_PRELOAD: shim } : {},
  );
  return resultSchema.parse(JSON.parse(child.firstLine));
}
