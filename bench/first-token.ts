// From a streaming request to its first text_delta frame, minus the time that the model itself took, one call at a time;
// beside it the same for a caller that asks the model directly. Run: node bench/first-token.ts [--seconds 6]
import { Agent, request } from "undici";
import { startProcess } from "./parts/child-process.ts";
import { printFigures, quantile, readBenchOptions } from "./parts/figures.ts";
import { startProduct } from "./parts/product.ts";

const { seconds, json } = readBenchOptions(6);
const delayMs = 10;

await using owned = new AsyncDisposableStack();
const dispatcher = owned.adopt(new Agent(), (agent) => agent.close());
const model = owned.use(await startProcess(["bench/parts/timed-model-server.ts", String(delayMs)]));
const modelUrl = `${model.firstLine}/v1`;
const product = owned.use(await startProduct({ modelUrl }));
const agentId = await product.createAgent();

const ours = () =>
  addedMs(`${product.url}/v1/agents/${agentId}/execute`, product.headers, { input: "Begin.", stream: true });
const direct = () =>
  addedMs(
    `${modelUrl}/chat/completions`,
    { "content-type": "application/json" },
    { model: "scripted", stream: true, messages: [{ role: "user", content: "Begin." }] },
  );

await repeat(direct, 1);
await repeat(ours, Math.max(2, seconds / 2));
const floor = await repeat(direct, seconds / 2);
const measured = await repeat(ours, seconds);
await owned.disposeAsync();

const p50 = { floor: quantile(floor, 0.5), measured: quantile(measured, 0.5) };
const figures = [
  {
    figure: "added until the first token, p50",
    measured: `${p50.measured.toFixed(2)} ms`,
    floor: `${p50.floor.toFixed(2)} ms`,
    ratio: (p50.measured / p50.floor).toFixed(2),
    target: "≤ 2 ms",
    reached: p50.measured <= 2,
  },
  {
    figure: "added until the first token, p99",
    measured: `${quantile(measured, 0.99).toFixed(2)} ms`,
    floor: `${quantile(floor, 0.99).toFixed(2)} ms`,
  },
];
printFigures(
  `First streamed token over the model's own ${delayMs} ms; floor: asking the model directly`,
  figures,
  json,
);

async function repeat(call: () => Promise<number>, forSeconds: number): Promise<number[]> {
  const values: number[] = [];
  const end = performance.now() + forSeconds * 1000;
  while (performance.now() < end) values.push(await call());
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
