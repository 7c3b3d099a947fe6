import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Outbound } from "../../src/egress/outbound.ts";
import { createOutbound } from "../../src/egress/create-outbound.ts";
import type { ModelPart, ModelRequest, ModelTool } from "../../src/models/language-model.ts";
import { defaultLocalModel, findLocalModel } from "../../src/models/local/catalogue.ts";
import { createLocalModel, type LocalModel } from "../../src/models/local/local-model.ts";
import { testSetting } from "../support/test-environment.ts";

const never = new AbortController().signal;
const entry = findLocalModel(defaultLocalModel);
let outbound: Outbound & AsyncDisposable;
let model: LocalModel;

beforeAll(() => {
  outbound = createOutbound();
  model = createLocalModel({ entry, dataDir: testSetting("RUNYARD_TEST_DATA_DIR"), outbound, contextSize: 1_024 });
});
afterAll(async () => {
  await model[Symbol.asyncDispose]();
  await outbound[Symbol.asyncDispose]();
});

const calculator: ModelTool = {
  name: "calculator",
  description: "Computes an arithmetic expression exactly.",
  parameters: { type: "object", properties: { expression: { type: "string" } }, required: ["expression"] },
};
const calculates =
  "You are a helpful assistant. Use the calculator for every calculation.\n\n" +
  'Question: What is 8 * 9?\nReply: {"tool":"calculator","arguments":{"expression":"8 * 9"}}';
const greeting: ModelRequest = { system: [], messages: [{ role: "user", content: "What is the capital of France?" }] };
/** Cannot end before its tokens are used up: the schema asks for 64 lists of 64 numbers. */
const endless: ModelRequest = {
  system: [],
  messages: [{ role: "user", content: "Write numbers." }],
  outputSchema: {
    type: "array",
    items: { type: "array", items: { type: "integer" }, minItems: 64 },
    minItems: 64,
  },
  maxTokens: 900,
};

async function readAll(stream: AsyncIterable<ModelPart>): Promise<ModelPart[]> {
  const parts: ModelPart[] = [];
  for await (const part of stream) parts.push(part);
  return parts;
}

function collect(request: ModelRequest): Promise<ModelPart[]> {
  return readAll(model.stream(request, { signal: never }));
}

function textOf(parts: readonly ModelPart[]): string {
  return parts.map((part) => (part.type === "text-delta" ? part.text : "")).join("");
}

/** Reads until the first text and gives the rest of the stream back. */
async function startOf(request: ModelRequest, signal = never): Promise<AsyncIterator<ModelPart>> {
  const iterator = model.stream(request, { signal })[Symbol.asyncIterator]();
  for (let part = await iterator.next(); part.value?.type !== "text-delta"; part = await iterator.next()) {
    expect(part.done ?? false).toBe(false);
  }
  return iterator;
}

describe("SmolLM2-135M on this machine", () => {
  it("streams text, says that it loads, and counts its tokens", async () => {
    const parts = await collect(greeting);
    expect(parts[0]).toEqual({ type: "status", text: `loading ${entry.name}` });
    expect(textOf(parts)).toBe("The capital of France is Paris.");
    expect(parts.filter((part) => part.type === "text-delta").length).toBeGreaterThan(3);
    expect(parts.at(-1)).toMatchObject({ type: "finish", reason: "stop" });
    const finish = parts.at(-1);
    if (finish?.type !== "finish" || finish.usage === undefined) throw new Error("no usage");
    expect(finish.usage.inputTokens).toBeGreaterThan(10);
    expect(finish.usage.outputTokens).toBeGreaterThan(5);
  });

  it("calls a tool by grammar and answers with its result", async () => {
    const question = { role: "user", content: "How much is 17 * 24?" } as const;
    const parts = await collect({ system: [calculates], messages: [question], tools: [calculator], temperature: 0 });
    const called = parts.find((part) => part.type === "tool-call");
    expect(called?.call).toMatchObject({ name: "calculator", input: { expression: "17 * 24" } });
    expect(textOf(parts)).toBe("");
    expect(parts.at(-1)).toMatchObject({ type: "finish", reason: "tool-calls" });
    if (called === undefined) return;
    const answer = await collect({
      system: [calculates],
      messages: [
        question,
        { role: "assistant", content: "", toolCalls: [called.call] },
        { role: "tool", callId: called.call.id, name: "calculator", output: { result: 408 }, isError: false },
      ],
      tools: [calculator],
      temperature: 0,
    });
    expect(textOf(answer)).toContain("408");
    expect(answer.some((part) => part.type === "tool-call")).toBe(false);
  });

  it("streams an answer that it gives instead of a call", async () => {
    const parts = await collect({ ...greeting, tools: [calculator] });
    expect(textOf(parts)).toContain("Paris");
    expect(parts.filter((part) => part.type === "text-delta").length).toBeGreaterThan(1);
  });

  it("is held to an output schema", async () => {
    const parts = await collect({
      system: [],
      messages: [{ role: "user", content: "Anna is 31 years old." }],
      outputSchema: {
        type: "object",
        properties: { name: { type: "string" }, age: { type: "integer" } },
        required: ["name", "age"],
      },
      temperature: 0,
    });
    expect(JSON.parse(textOf(parts))).toEqual({ name: "Anna", age: 31 });
  });

  it("goes on with an answer where it ends", async () => {
    const begun = { role: "assistant", content: "The capital of France is" } as const;
    expect(textOf(await collect({ ...greeting, messages: [...greeting.messages, begun] }))).toMatch(/^ Paris/);
  });

  it("says that the tokens ran out, and that an input is too long", async () => {
    const cut = await collect({ ...endless, maxTokens: 5 });
    expect(cut.at(-1)).toMatchObject({ type: "finish", reason: "length", usage: { outputTokens: 5 } });
    const long = { ...greeting, messages: [{ role: "user", content: "word ".repeat(2_000) }] } as const;
    await expect(collect(long)).rejects.toMatchObject({ code: "context_length_exceeded", retryable: false });
  });

  it("answers one call after the other and tells who waits", async () => {
    const first = await startOf(endless);
    const second = model.stream(greeting, { signal: never })[Symbol.asyncIterator]();
    expect(await second.next()).toMatchObject({ value: { text: "waiting for the local model (1 ahead)" } });
    const aborted = new AbortController();
    const third = model.stream(greeting, { signal: aborted.signal })[Symbol.asyncIterator]();
    expect(await third.next()).toMatchObject({ value: { text: "waiting for the local model (2 ahead)" } });
    aborted.abort();
    await expect(third.next()).rejects.toMatchObject({ code: "cancelled" });
    await first.return?.();
    const rest = await readAll({ [Symbol.asyncIterator]: () => second });
    expect(textOf(rest)).toBe("The capital of France is Paris.");
  });

  it("stops when it is aborted, without a new process for the next call", async () => {
    const abort = new AbortController();
    const running = await startOf(endless, abort.signal);
    const { processId } = model;
    abort.abort();
    await expect(running.next()).rejects.toMatchObject({ code: "cancelled", retryable: false });
    expect(textOf(await collect(greeting))).toContain("Paris");
    expect(model.processId).toBe(processId);
  });

  it("fails the call when its process is killed, and starts another for the next one", async () => {
    const running = await startOf(endless);
    const { processId } = model;
    if (processId === undefined) throw new Error("no process");
    process.kill(processId, "SIGKILL");
    const drain = readAll({ [Symbol.asyncIterator]: () => running });
    await expect(drain).rejects.toMatchObject({ code: "model_unavailable", retryable: true });
    expect(textOf(await collect(greeting))).toContain("Paris");
    expect(model.processId).not.toBe(processId);
  });
});

describe("a local model's process", () => {
  it("ends after a time without calls and comes back", async () => {
    const dataDir = testSetting("RUNYARD_TEST_DATA_DIR");
    await using idle = createLocalModel({ entry, dataDir, outbound, contextSize: 512, idleMs: 1 });
    await readAll(idle.stream(greeting, { signal: never }));
    await expect.poll(() => idle.processId, { timeout: 20_000 }).toBeUndefined();
    const parts = await readAll(idle.stream(greeting, { signal: never }));
    expect(parts[0]).toMatchObject({ type: "status" });
  });

  it("says that the file is no model", async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "runyard-local-"));
    try {
      await mkdir(join(dataDir, "models"));
      await writeFile(join(dataDir, "models", "broken.gguf"), "GGUF");
      const sha256 = createHash("sha256").update("GGUF").digest("hex");
      const broken = { ...entry, name: "local/broken", file: "broken.gguf", sha256 };
      await using loading = createLocalModel({ entry: broken, dataDir, outbound });
      const parts = readAll(loading.stream(greeting, { signal: never }));
      await expect(parts).rejects.toMatchObject({
        code: "model_unavailable",
        retryable: false,
        message: expect.stringContaining("OLLAMA_BASE_URL"),
      });
    } finally {
      await rm(dataDir, { recursive: true, force: true });
    }
  });

  it("asks for a pull of a big model that is not there", async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "runyard-local-"));
    try {
      await using missing = createLocalModel({ entry: findLocalModel("qwen3-4b"), dataDir, outbound });
      await expect(readAll(missing.stream(greeting, { signal: never }))).rejects.toThrow(
        "runyard models pull local/qwen3-4b",
      );
      expect(missing.processId).toBeUndefined();
    } finally {
      await rm(dataDir, { recursive: true, force: true });
    }
  });
});
