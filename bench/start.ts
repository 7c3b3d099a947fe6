// From the start of the server's process until /readyz answers 200, and what it then occupies in memory: from a build and
// from the sources, with a new data directory and with one that has been used. Run: node bench/start.ts [--seconds 15]
// (the seconds are those of idleness before memory is read the second time).
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { buildServer } from "./parts/build.ts";
import { startProcess } from "./parts/child-process.ts";
import { type Figure, printFigures, quantile, readBenchOptions } from "./parts/figures.ts";
import { cpuMs, rssBytes } from "./parts/process-usage.ts";
import { type Product, startProduct } from "./parts/product.ts";

const { seconds, json } = readBenchOptions(15);
const starts = 5;
const built = await buildServer();

await using owned = new AsyncDisposableStack();
const model = owned.use(await startProcess(["test/support/scripted-model-server.ts"]));
const modelUrl = `${model.firstLine}/v1`;
const folder = await mkdtemp(join(tmpdir(), "runyard-bench-"));
owned.defer(() => rm(folder, { recursive: true, force: true }));
const usedDataDir = join(folder, "used");
await fill(usedDataDir);

// As on a user's machine, compiled code is kept from the first start on.
const env = { XDG_CACHE_HOME: join(folder, "cache") };
const figures: Figure[] = [];
for (const [from, main] of [
  ["a build", built],
  ["source", "src/main.ts"],
] as const) {
  for (const [data, dataDir] of [
    ["new data directory", undefined],
    ["1,000 executions there", usedDataDir],
  ] as const) {
    const ready: number[] = [];
    const cpu: number[] = [];
    for (let count = 0; count < starts; count += 1) {
      await using product = await startProduct({ main, modelUrl, dataDir, env });
      ready.push(product.readyAfterMs);
      cpu.push(cpuMs(product.pid));
    }
    const p50 = quantile(ready, 0.5);
    figures.push({
      figure: `ready, from ${from}, ${data}`,
      measured: `${(p50 / 1000).toFixed(2)} s (first ${((ready[0] ?? 0) / 1000).toFixed(2)} s, best ${(Math.min(...ready) / 1000).toFixed(2)} s, CPU ${quantile(cpu, 0.5)} ms)`,
      target: "≤ 0.7 s",
      reached: p50 <= 700,
    });
  }
  await using product = await startProduct({ main, modelUrl, env });
  await pause(1000);
  const early = rssBytes(product.pid);
  await pause((seconds - 1) * 1000);
  const idle = rssBytes(product.pid);
  figures.push({
    figure: `memory (RSS), from ${from}, idle for ${seconds} s`,
    measured: `${mega(idle)} (after 1 s ${mega(early)})`,
    target: "≤ 120 MB",
    reached: idle <= 120e6,
  });
}
await owned.disposeAsync();
printFigures("Start and idle memory", figures, json);

/** Leaves what a server that was used leaves. */
async function fill(dataDir: string): Promise<void> {
  await using product: Product = await startProduct({ main: built, modelUrl, dataDir });
  const agentId = await product.createAgent();
  for (let batch = 0; batch < 20; batch += 1) {
    const calls = Array.from({ length: 50 }, () =>
      product.call("POST", `/v1/agents/${agentId}/execute`, { input: "Hello" }),
    );
    await Promise.all(calls);
  }
}

function mega(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
