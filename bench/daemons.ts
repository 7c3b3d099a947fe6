// What idle daemons cost: memory of the server with 100 of them beside none, and of their own processes, and what the server
// does while nobody asks for anything. Run: node bench/daemons.ts [--seconds 30] [--count 100]
import { mkdtemp, rm } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { z } from "zod";
import { readId } from "../src/contract/ids.ts";
import { findSandboxProcesses } from "../test/support/sandbox-processes.ts";
import { createCodeAgent } from "./parts/code-agent.ts";
import { printFigures } from "./parts/figures.ts";
import { cpuMs, rssBytes } from "./parts/process-usage.ts";
import { startProduct } from "./parts/product.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "30" },
    count: { type: "string", default: "100" },
    json: { type: "boolean", default: false },
  },
});
const seconds = Number(values.seconds);
const count = Number(values.count);
const startedSchema = z.object({ success: z.literal(true) });

await using owned = new AsyncDisposableStack();
const folder = await mkdtemp(join(tmpdir(), "runyard-bench-"));
owned.defer(() => rm(folder, { recursive: true, force: true }));
const product = owned.use(
  await startProduct({ dataDir: join(folder, "data"), env: { RUNYARD_DAEMON_IDLE_MINUTES: "600" } }),
);
const agentId = await createCodeAgent(
  product,
  { "agent.py": "def run(inputs):\n    return {}\n" },
  { name: "Idle", adapter: "python", entryPoint: "agent:run", lifecycle: "daemon", memoryBytes: 2 ** 28 },
);

// One has been there and is gone: what the runtime itself takes is no matter of how many there are.
await startDaemon("first");
await endDaemon("first");
const none = await idle();
const launchedAt = performance.now();
for (let number = 0; number < count; number += 1) await startDaemon(`user-${number}`);
const launchedMs = performance.now() - launchedAt;
const many = await idle();
const programs = findSandboxProcesses(basename(folder));
const proportional = programs.reduce((sum, { pid }) => sum + proportionalBytes(pid), 0);
await owned.disposeAsync();

const each = (many.rss - none.rss) / count;
printFigures(
  `${count} idle daemons of Python`,
  [
    {
      figure: "memory (RSS) of the server",
      measured: `${mega(many.rss)} (+ ${(each / 1024).toFixed(0)} KiB a daemon)`,
      floor: `${mega(none.rss)} with none`,
    },
    {
      figure: "memory (PSS) of their processes",
      measured: `${mega(proportional)} (${mega(proportional / count)} a daemon, ${programs.length} processes in all)`,
    },
    {
      figure: `CPU of the server in ${seconds} idle seconds`,
      measured: `${many.cpu} ms (${((many.cpu / seconds / 1000) * 100).toFixed(2)} % of one core)`,
      floor: `${none.cpu} ms with none`,
    },
    { figure: "bringing them up, one after the other", measured: `${(launchedMs / count).toFixed(0)} ms each` },
  ],
  values.json,
);

/** Through the wire that has daemons. */
async function startDaemon(userId: string): Promise<void> {
  startedSchema.parse(await control(userId, "start"));
}

async function endDaemon(userId: string): Promise<void> {
  startedSchema.parse(await control(userId, "stop"));
  await control(userId, "control", { agent_id: readId("agent", agentId), action: "terminate" });
}

function control(userId: string, verb: "start" | "stop" | "control", body: object = {}): Promise<unknown> {
  return product.call("POST", `/charm/v1/daemon/${readId("agent", agentId)}/${verb}?user_id=${userId}`, body);
}

/** After a few seconds in which what was begun comes to rest. */
async function idle(): Promise<{ rss: number; cpu: number }> {
  await pause(5000);
  const before = cpuMs(product.pid);
  await pause(seconds * 1000);
  return { rss: rssBytes(product.pid), cpu: cpuMs(product.pid) - before };
}

/** What a process takes of memory, with what it shares counted in parts. */
function proportionalBytes(pid: number): number {
  try {
    const line = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"));
    return Number(line?.[1] ?? 0) * 1024;
  } catch {
    return 0; // one that we may not look into
  }
}

function mega(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
