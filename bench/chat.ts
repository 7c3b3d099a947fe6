// A chat execution without tools, against the instant scripted model, beside a bare route that makes the same model call
// and commits one row. Server (a build, as `npm run build` makes it), floor and model are processes of their own.
// Run: node bench/chat.ts [--seconds 5]
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startProcess } from "./parts/child-process.ts";
import { type Figure, printFigures, readBenchOptions } from "./parts/figures.ts";
import { load, type Load } from "./parts/load.ts";
import { cpuMs } from "./parts/process-usage.ts";
import { startProduct } from "./parts/product.ts";

const { seconds, json } = readBenchOptions(5);
/** Enough for the compiler to have seen the hot path often, whichever server is slower. */
const warmUpSeconds = Math.max(3, seconds);

await using owned = new AsyncDisposableStack();
const folder = await mkdtemp(join(tmpdir(), "runyard-bench-"));
owned.defer(() => rm(folder, { recursive: true, force: true }));
const model = owned.use(await startProcess(["test/support/scripted-model-server.ts"]));
const modelUrl = `${model.firstLine}/v1`;
const bareArgs = ["bench/parts/chat-floor-server.ts", join(folder, "floor.db"), modelUrl];
const bare = owned.use(await startProcess(bareArgs));
const product = owned.use(await startProduct({ modelUrl }));

interface Target {
  url: string;
  pid: number;
  headers: Record<string, string>;
  body: string;
}
const input = "What is the capital of France?";
const headers = { "content-type": "application/json" };
const floorTarget: Target = {
  url: `${bare.firstLine}/execute`,
  pid: bare.child.pid ?? 0,
  headers,
  body: JSON.stringify({ input }),
};
const ourTarget: Target = {
  url: `${product.url}/v1/agents/${await product.createAgent()}/execute`,
  pid: product.pid,
  headers: product.headers,
  body: JSON.stringify({ input }),
};
const modelCall = JSON.stringify({ model: "scripted", stream: true, messages: [{ role: "user", content: input }] });
const modelTarget = { url: `${modelUrl}/chat/completions`, headers, body: modelCall };

for (const target of [floorTarget, ourTarget]) await run(target, 64, warmUpSeconds);
const many = { floor: await run(floorTarget, 64, seconds), ours: await run(ourTarget, 64, seconds) };
await load(modelTarget.url, { callers: 1, seconds: 1, ...modelTarget });
const own = await load(modelTarget.url, { callers: 1, seconds: Math.min(2, seconds), ...modelTarget });
const one = { floor: await run(floorTarget, 1, seconds), ours: await run(ourTarget, 1, seconds) };
await owned.disposeAsync();

const share = many.ours.perSecond / many.floor.perSecond;
const added = { floor: one.floor.p50Ms - own.p50Ms, ours: one.ours.p50Ms - own.p50Ms };
const figures: Figure[] = [
  {
    figure: "executions a second, 64 callers",
    measured: `${many.ours.perSecond.toFixed(0)}/s`,
    floor: `${many.floor.perSecond.toFixed(0)}/s`,
    ratio: share.toFixed(2),
    target: "≥ 0.40 of the floor, ≥ 1,500/s",
    reached: share >= 0.4 && many.ours.perSecond >= 1500,
  },
  {
    figure: "p50 and p99, 64 callers",
    measured: bothMs(many.ours),
    floor: bothMs(many.floor),
    ratio: (many.ours.p50Ms / many.floor.p50Ms).toFixed(2),
  },
  {
    figure: "server CPU an execution, 64 callers",
    measured: `${many.ours.cpuMsEach.toFixed(2)} ms`,
    floor: `${many.floor.cpuMsEach.toFixed(2)} ms`,
    ratio: (many.ours.cpuMsEach / many.floor.cpuMsEach).toFixed(2),
    target: "≤ 0.70 ms",
    reached: many.ours.cpuMsEach <= 0.7,
  },
  { figure: "p50 and p99, 1 caller", measured: bothMs(one.ours), floor: bothMs(one.floor) },
  {
    figure: `p50 added to the model's ${own.p50Ms.toFixed(2)} ms, 1 caller`,
    measured: `${added.ours.toFixed(2)} ms`,
    floor: `${added.floor.toFixed(2)} ms`,
    ratio: (added.ours / added.floor).toFixed(2),
    target: "≤ 2 × the floor",
    reached: added.ours <= 2 * added.floor,
  },
];
printFigures("Chat execution, no tool, instant model; server from a build, SQLite", figures, json);

async function run(target: Target, callers: number, seconds: number): Promise<Load & { cpuMsEach: number }> {
  const before = cpuMs(target.pid);
  const result = await load(target.url, { callers, seconds, body: target.body, headers: target.headers });
  if (result.failed > 0) throw new Error(`${result.failed} requests to ${target.url} failed`);
  return { ...result, cpuMsEach: (cpuMs(target.pid) - before) / (result.perSecond * seconds) };
}

function bothMs({ p50Ms, p99Ms }: Load): string {
  return `${p50Ms.toFixed(2)} ms, ${p99Ms.toFixed(2)} ms`;
}
