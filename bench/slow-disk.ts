// SQLite written from a thread against SQLite written where requests are served: how late the event loop comes to its
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
  const inline = await run("inline", disk);
  const thread = await run("thread", disk);
  figures.push(
    {
      figure: `event-loop delay p99, disk ${disk}`,
      measured: `${thread.p99.toFixed(1)} ms`,
      floor: `${inline.p99.toFixed(1)} ms inline`,
      ratio: (thread.p99 / inline.p99).toFixed(2),
      target: `≤ ${targetMs} ms`,
      reached: thread.p99 <= targetMs,
    },
    {
      figure: `event-loop delay p50, disk ${disk}`,
      measured: `${thread.p50.toFixed(1)} ms`,
      floor: `${inline.p50.toFixed(1)} ms inline`,
    },
    {
      figure: `executions, asked for ${rate}/s, disk ${disk}`,
      measured: `${thread.perSecond.toFixed(0)}/s, p50 ${thread.latency.toFixed(1)} ms`,
      floor: `${inline.perSecond.toFixed(0)}/s, p50 ${inline.latency.toFixed(1)} ms inline`,
    },
  );
}
await rm(folder, { recursive: true });
printFigures("SQLite written from a thread, and inline", figures, json);

async function run(mode: "thread" | "inline", disk: "as it is" | "5 ms slower"): Promise<z.infer<typeof resultSchema>> {
  const path = join(folder, `${mode}-${disk.length}.db`);
  await using child = await startProcess(
    ["bench/parts/slow-disk-process.ts", path, mode, String(seconds), String(rate)],
    disk === "5 ms slower" ? { LD_PRELOAD: shim } : {},
  );
  return resultSchema.parse(JSON.parse(child.firstLine));
}
