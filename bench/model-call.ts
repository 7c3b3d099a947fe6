// What our OpenAI-compatible client costs over bare undici `request` with an event-stream parser, in CPU of this process.
// The scripted model runs in a process of its own. Run: node bench/model-call.ts [rounds]
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { createParser } from "eventsource-parser";
import { Agent, request } from "undici";
import { createOutbound } from "../src/egress/create-outbound.ts";
import { createOpenAiCompatibleModel } from "../src/models/openai-compatible/openai-compatible-model.ts";

const rounds = Number(process.argv[2] ?? 5);
const shortTokens = 10;
const longTokens = 2_000;
/** As many tokens in both, so that each figure stands on about the same time. */
const shortCalls = 1_500;
const longCalls = 40;

const server = spawn(process.execPath, ["test/support/scripted-model-server.ts"], {
  stdio: ["ignore", "pipe", "inherit"],
});
const [url] = await once(createInterface({ input: server.stdout }), "line");
const baseUrl = `${String(url)}/v1`;
const agent = new Agent();
const outbound = createOutbound({ allowedHosts: ["127.0.0.1:*"] });
const model = createOpenAiCompatibleModel({ id: "bench/scripted", modelName: "scripted", baseUrl, outbound });
const { signal } = new AbortController();

/** The least that any client must do: send, split into events, parse each. */
async function floor(tokens: number): Promise<number> {
  const response = await request(`${baseUrl}/chat/completions`, {
    dispatcher: agent,
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "scripted", stream: true, messages: [{ role: "user", content: `count ${tokens}` }] }),
  });
  let characters = 0;
  const parser = createParser({
    onEvent({ data }) {
      if (data === "[DONE]") return;
      const chunk: { choices: { delta: { content?: string } }[] } = JSON.parse(data);
      characters += chunk.choices[0]?.delta.content?.length ?? 0;
    },
  });
  response.body.setEncoding("utf8");
  for await (const text of response.body) parser.feed(text);
  return characters;
}

async function ours(tokens: number): Promise<number> {
  let characters = 0;
  const messages = [{ role: "user" as const, content: `count ${tokens}` }];
  for await (const part of model.stream({ system: [], messages }, { signal })) {
    if (part.type === "text-delta") characters += part.text.length;
  }
  return characters;
}

/** CPU of one call in microseconds. */
async function cost(call: (tokens: number) => Promise<number>, tokens: number, calls: number): Promise<number> {
  const start = process.cpuUsage();
  for (let index = 0; index < calls; index += 1) await call(tokens);
  const { user, system } = process.cpuUsage(start);
  return (user + system) / calls;
}

async function measure(call: (tokens: number) => Promise<number>): Promise<{ perCall: number; perToken: number }> {
  const short = await cost(call, shortTokens, shortCalls);
  const long = await cost(call, longTokens, longCalls);
  const perToken = (long - short) / (longTokens - shortTokens);
  return { perToken, perCall: short - perToken * shortTokens };
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

if ((await floor(longTokens)) !== (await ours(longTokens))) throw new Error("the two clients read different answers");
await measure(floor);
await measure(ours);
const floors = [];
const all = [];
for (let round = 0; round < rounds; round += 1) {
  floors.push(await measure(floor));
  all.push(await measure(ours));
}
for (const [name, unit] of [
  ["perCall", "µs CPU a call"],
  ["perToken", "µs CPU a token"],
] as const) {
  const least = median(floors.map((one) => one[name]));
  const own = median(all.map((one) => one[name]));
  console.log(
    `${unit}: ${own.toFixed(1)}, floor ${least.toFixed(1)}, over it ${(own - least).toFixed(1)}, ratio ${(own / least).toFixed(2)}`,
  );
}

await outbound[Symbol.asyncDispose]();
await agent.close();
server.kill();
