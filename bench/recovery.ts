// How soon work goes on after SIGKILL in the middle of 1,000 running executions. Run: node bench/recovery.ts
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { startProcess } from "./parts/child-process.ts";
import { printFigures, readBenchOptions } from "./parts/figures.ts";

const count = 1000;
const { json } = readBenchOptions(0);
const factsSchema = z.object({ startMs: z.number(), firstMs: z.number(), allMs: z.number() });

const folder = await mkdtemp(join(tmpdir(), "runyard-bench-"));
const server = (mode: string) =>
  startProcess(["bench/parts/recovery-server.ts", join(folder, "recovery.db"), mode, String(count)]);

const killed = await server("hold");
const exited = once(killed.child, "exit");
killed.child.kill("SIGKILL");
await exited;
await using next = await server("recover");
const facts = factsSchema.parse(JSON.parse(next.firstLine));
printFigures(
  `SIGKILL with ${count} running executions, SQLite`,
  [
    { figure: "opened and taken stock of", measured: `${facts.startMs.toFixed(0)} ms` },
    {
      figure: "ready to first step done",
      measured: `${facts.firstMs.toFixed(0)} ms`,
      target: "≤ 1,000 ms",
      reached: facts.firstMs <= 1000,
    },
    { figure: "ready to all ended", measured: `${facts.allMs.toFixed(0)} ms` },
  ],
  json,
);
await once(next.child, "exit");
await rm(folder, { recursive: true });
