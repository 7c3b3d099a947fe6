// Memory of waiting executions above idle, and the time to resume one of them and 20,000 of them.
// Run: node bench/waiting.ts [--count 100000]
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { z } from "zod";
import { printFigures } from "./parts/figures.ts";

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "100000" },
    json: { type: "boolean", default: false },
    /** Taken like the other benchmarks do, though here the count says how long it goes on. */
    seconds: { type: "string" },
  },
});
const waitingSchema = z.object({ idleBytes: z.number(), waitingBytes: z.number(), fillMs: z.number() });
const resumedSchema = z.object({ oneMs: z.number(), allMs: z.number(), resumed: z.number() });

const folder = await mkdtemp(join(tmpdir(), "runyard-bench-"));
const child = spawn(
  process.execPath,
  ["--expose-gc", "bench/parts/waiting-server.ts", join(folder, "waiting.db"), values.count],
  { stdio: ["ignore", "pipe", "inherit"] },
);
const lines: string[] = [];
for await (const line of createInterface({ input: child.stdout })) lines.push(line);
await rm(folder, { recursive: true });
const waiting = waitingSchema.parse(JSON.parse(lines[0] ?? "{}"));
const resumed = resumedSchema.parse(JSON.parse(lines[1] ?? "{}"));
const addedMiB = (waiting.waitingBytes - waiting.idleBytes) / 2 ** 20;
printFigures(
  `${values.count} waiting executions, SQLite`,
  [
    {
      figure: "RSS above idle",
      measured: `${addedMiB.toFixed(0)} MiB`,
      floor: `${(waiting.idleBytes / 2 ** 20).toFixed(0)} MiB idle`,
      target: "≤ 200 MiB",
      reached: addedMiB <= 200,
    },
    { figure: "started and suspended", measured: `${((Number(values.count) / waiting.fillMs) * 1000).toFixed(0)}/s` },
    { figure: "resuming one of them", measured: `${resumed.oneMs.toFixed(1)} ms` },
    {
      figure: `resuming ${resumed.resumed} more`,
      measured: `${((resumed.resumed / resumed.allMs) * 1000).toFixed(0)}/s`,
    },
  ],
  values.json,
);
