// From a streaming request to its first text frame, minus the time that the model itself took, one call at a time. Beside it
// the same for a caller that asks the model directly, and for a bare route that relays the model's answer and commits a row
// before the call and before the first text, since nothing is shown that is not stored. Both with a model that answers at
// once, as in bench/chat.ts, and with one that thinks for 10 ms, in which processor and caches turn to other things.
// Run: node bench/first-token.ts [--seconds 6]
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Agent, request } from "undici";
import { startProcess } from "./parts/child-process.ts";
import { type Figure, printFigures, quantile, readBenchOptions } from "./parts/figures.ts";
import { startProduct } from "./parts/product.ts";

const { seconds, json } = readBenchOptions(6);

await using owned = new AsyncDisposableStack();
const dispatcher = owned.adopt(new Agent(), (agent) => agent.close());
const folder = await mkdtemp(join(tmpdir(), "runyard-bench-"));
owned.defer(() => rm(folder, { recursive: true, force: true }));
const model = owned.use(await startProcess(["bench/parts/timed-model-server.ts"]));
const modelUrl = `${model.firstLine}/v1`;
const bareArgs = ["bench/parts/chat-floor-server.ts", join(folder, "floor.db"), modelUrl];
const bare = owned.use(await startProcess(bareArgs));
const product = owned.use(await startProduct({ modelUrl }));
const agentId = await product.createAgent();

const plain = { "content-type": "application/json" };
const ours = (delayMs: number) =>
  addedMs(`${product.url}/v1/agents/${agentId}/execute`, product.headers, { input: String(delayMs), stream: true });
const relay = (delayMs: number) => addedMs(`${bare.firstLine}/stream`, plain, { input: String(delayMs) });
const direct = (delayMs: number) =>
  addedMs(`${modelUrl}/chat/completions`, plain, {
    model: "scripted",
    stream: true,
    messages: [{ role: "user", content: String(delayMs) }],
  });

await repeat(relay, 0, 2);
await repeat(ours, 0, Math.max(2, seconds / 2));
const figures: Figure[] = [];
for (const [delayMs, name] of [
  [0, "a model that answers at once"],
  [10, "a model that thinks for 10 ms"],
] as const) {
  await repeat(direct, delayMs, 1);
  const alone = await repeat(direct, delayMs, seconds / 2);
  const relayed = await repeat(relay, delayMs, seconds / 2);
  const measured = await repeat(ours, delayMs, seconds);
  const p50 = { relayed: quantile(relayed, 0.5), measured: quantile(measured, 0.5) };
  figures.push(
    {
      figure: `${name}: added until the first token, p50`,
      measured: `${p50.measured.toFixed(2)} ms`,
      floor: `${p50.relayed.toFixed(2)} ms`,
      ratio: (p50.measured / p50.relayed).toFixed(2),
      target: "≤ 2 ms",
      reached: p50.measured <= 2,
    },
    {
      figure: `${name}: p99`,
      measured: `${quantile(measured, 0.99).toFixed(2)} ms`,
      floor: `${quantile(relayed, 0.99).toFixed(2)} ms`,
    },
    { figure: `${name}: asked directly, p50`, measured: `${quantile(alone, 0.5).toFixed(2)} ms` },
  );
}
await owned.disposeAsync();
printFigures("First streamed token over the model's own; floor: a bare relay that commits twice", figures, json);

async function repeat(
  call: (delayMs: number) => Promise<number>,
  delayMs: number,
  forSeconds: number,
): Promise<number[]> {
  const values: number[] = [];
  const end = performance.now() + forSeconds * 1000;
  while (performance.now() < end) values.push(await call(delayMs));
  return values;
}

async function addedMs(url: string, headers: Record<string, string>, body: unknown): Promise<number> {
  const text = JSON.stringify(body);
  const startedAt = performance.now();
  const response = await request(url, { dispatcher, method: "POST", headers, body: text });
  let seen = "";
  let added: number | undefined;
  for await (const chunk of response.body) {
    if (added !== undefined) continue;
    const at = performance.now();
    seen += String(chunk);
    const own = /own=(?<ms>[\d.]+);/.exec(seen)?.groups?.ms;
    if (own !== undefined) added = at - startedAt - Number(own);
  }
  if (added === undefined) throw new Error(`no first token in: ${seen.slice(0, 500)}`);
  return added;
}
