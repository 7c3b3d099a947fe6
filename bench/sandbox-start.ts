// What the sandbox adds to the start of an interpreter: the same empty program bare, sandboxed, and sandboxed with granted
// network, one after the other in turns. Run: node bench/sandbox-start.ts [--seconds 10]
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { createSandbox } from "../src/sandbox/create-sandbox.ts";
import type { SandboxNetwork } from "../src/sandbox/sandbox.ts";
import { type Figure, printFigures, quantile, readBenchOptions } from "./parts/figures.ts";

const { seconds, json } = readBenchOptions(10);
const run = promisify(execFile);
const programs = [
  { name: "python3", source: "python3", command: ["-c", ""] },
  { name: "node", source: "node", command: ["-e", ""] },
] as const;
const refuseAll: SandboxNetwork = { connect: () => Promise.reject(new Error("nowhere")) };

const folder = await mkdtemp(join(tmpdir(), "runyard-bench-"));
const preparedAt = performance.now();
const sandbox = await createSandbox({ folder });
const preparedMs = performance.now() - preparedAt;
if (sandbox.problem !== undefined) throw new Error(sandbox.problem);
const workspace = join(folder, "workspace");
await sandbox.makeWritable(workspace);

const figures: Figure[] = [
  { figure: "preparing the sandbox, once", measured: `${preparedMs.toFixed(0)} ms (limits by ${sandbox.limitsBy})` },
];
for (const { name, source, command } of programs) {
  const path = sandbox.tools.find((tool) => tool.name === source)?.source;
  if (path === undefined) throw new Error(`${name} is missing`);
  const bare: number[] = [];
  const sandboxed: number[] = [];
  const networked: number[] = [];
  const end = performance.now() + (seconds * 1000) / programs.length;
  while (performance.now() < end || bare.length < 5) {
    bare.push(await timed(() => run(path, command)));
    sandboxed.push(await timed(() => runInside([name, ...command])));
    networked.push(await timed(() => runInside([name, ...command], refuseAll)));
  }
  const floor = quantile(bare, 0.5);
  for (const [how, times, targetMs] of [
    ["sandboxed", sandboxed, 15],
    ["sandboxed, with network", networked, undefined],
  ] as const) {
    const p50 = quantile(times, 0.5);
    figures.push({
      figure: `an empty ${name} program, ${how}, p50`,
      measured: `${p50.toFixed(1)} ms (+ ${(p50 - floor).toFixed(1)} ms; p99 ${quantile(times, 0.99).toFixed(1)} ms)`,
      floor: `${floor.toFixed(1)} ms bare`,
      ratio: (p50 / floor).toFixed(2),
      ...(targetMs === undefined ? {} : { target: `+ ≤ ${targetMs} ms`, reached: p50 - floor <= targetMs }),
    });
  }
}
await sandbox[Symbol.asyncDispose]();
await rm(folder, { recursive: true, force: true });
printFigures("Start of a sandboxed program", figures, json);

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

async function runInside(command: readonly string[], network?: SandboxNetwork): Promise<void> {
  const program = await sandbox.start({
    command,
    network,
    workingDirectory: "/workspace",
    environment: {},
    mounts: [{ source: workspace, target: "/workspace", access: "write" }],
    limits: {
      wallMs: 30_000,
      cpuSeconds: 30,
      memoryBytes: 2 ** 30,
      processes: 64,
      openFiles: 256,
      diskBytes: 2 ** 28,
      outputBytes: 2 ** 20,
    },
  });
  program.stdout.resume();
  program.stderr.resume();
  const exit = await program.exited;
  if (exit.exitCode !== 0) throw new Error(JSON.stringify(exit));
}
