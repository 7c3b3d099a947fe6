import type { LlamaChat, LlamaGrammar } from "node-llama-cpp";
import type { ChatHistoryItem, Llama, LlamaContextSequence, LlamaModel } from "node-llama-cpp";
import { z } from "zod";
import type { JsonSchema } from "../../contract/json.ts";
import { type FromProcess, type Generation, type PromptItem, toProcessSchema } from "./inference-messages.ts";

/*
 * Entry of the child process that runs one local model: loading blocks a thread for 140 to 290 ms at a time, and a
 * crash of native code takes down only this process. It talks to its parent over the IPC channel and ends with it.
 */

interface Loaded {
  llama: Llama;
  model: LlamaModel;
  sequence: LlamaContextSequence;
  chat: LlamaChat;
  grammars: Map<string, LlamaGrammar>;
}

/** Grammars of agents that come back; building one costs some milliseconds. */
const maxGrammars = 32;

/** `grammarSchema` has written it in these words; the grammar compiler itself is the check. */
const gbnfSchema = z.custom<Parameters<Llama["createGrammarForJsonSchema"]>[0]>((value) => typeof value === "object");

/**
 * Found by trying: with the library's own values, or with its DRY penalty, SmolLM2-135M said one half sentence until its
 * tokens were used up in 5 of 10 prompts; with these in none of 4.
 */
const repeatPenalty = { penalty: 1.1, frequencyPenalty: 0.3, presencePenalty: 0.3, lastTokens: 256 };

let loaded: Loaded | undefined;
let running: AbortController | undefined;

process.on("disconnect", () => process.exit(0));
process.on("message", (raw) => {
  const message = toProcessSchema.parse(raw);
  switch (message.type) {
    case "load":
      void load(message.path, message.contextSize, message.threads);
      return;
    case "generate":
      void answer(message.generation);
      return;
    case "abort":
      running?.abort();
      return;
    default:
      message satisfies never;
  }
});

function send(message: FromProcess): void {
  process.send?.(message);
}

async function load(path: string, contextSize: number, threads: number): Promise<void> {
  let library: typeof import("node-llama-cpp");
  try {
    library = await import("node-llama-cpp");
  } catch (error) {
    send({ type: "failed", reason: "library", message: messageOf(error) });
    return;
  }
  try {
    const llama = await library.getLlama({
      gpu: false,
      // Neither compiles nor fetches anything: what npm has installed is used or nothing.
      build: "never",
      skipDownload: true,
      logLevel: library.LlamaLogLevel.error,
      maxThreads: threads,
    });
    const model = await llama.loadModel({
      modelPath: path,
      onLoadProgress: (share) => send({ type: "loading", share }),
    });
    const context = await model.createContext({
      contextSize: Math.min(contextSize, model.trainContextSize),
      threads,
    });
    const sequence = context.getSequence();
    const chat = new library.LlamaChat({ contextSequence: sequence });
    loaded = { llama, model, sequence, chat, grammars: new Map() };
    send({ type: "ready" });
  } catch (error) {
    send({ type: "failed", reason: "load", message: messageOf(error) });
  }
}

async function answer(generation: Generation): Promise<void> {
  const abort = new AbortController();
  running = abort;
  try {
    if (loaded === undefined) throw new Error("The model is not loaded.");
    await generate(loaded, generation, abort.signal);
  } catch (error) {
    send({ type: "failed", reason: "generate", message: messageOf(error) });
  } finally {
    running = undefined;
  }
}

async function generate(parts: Loaded, generation: Generation, signal: AbortSignal): Promise<void> {
  const { model, sequence, chat } = parts;
  const history = generation.history.map(toHistoryItem);
  if (history.at(-1)?.type !== "model") history.push({ type: "model", response: [] });
  const inputTokens = chat.chatWrapper
    .generateContextState({ chatHistory: history })
    .contextText.tokenize(model.tokenizer).length;
  const room = sequence.contextSize - inputTokens;
  // The library would drop the oldest messages without a word; the caller has to know.
  if (room < 16) {
    const message = `The input has ${inputTokens} tokens, the model takes ${sequence.contextSize} with its answer.`;
    send({ type: "failed", reason: "too-long", message });
    return;
  }
  const before = sequence.tokenMeter.getState();
  let thoughtTokens = 0;
  const result = await chat.generateResponse(history, {
    ...(generation.schema === undefined ? {} : { grammar: await grammarFor(parts, generation.schema) }),
    maxTokens: Math.min(generation.maxTokens, room - 1),
    temperature: generation.temperature,
    topP: generation.topP,
    repeatPenalty: generation.repeatPenalty ? repeatPenalty : false,
    trimWhitespaceSuffix: true,
    signal,
    stopOnAbortSignal: true,
    onResponseChunk: (chunk) => {
      if (chunk.type === "segment") thoughtTokens += chunk.tokens.length;
      if (chunk.text === "") return;
      send({ type: chunk.type === "segment" ? "thought" : "text", text: chunk.text });
    },
  });
  const used = sequence.tokenMeter.diff(before);
  const { stopReason } = result.metadata;
  send({
    type: "end",
    reason: stopReason === "abort" ? "aborted" : stopReason === "maxTokens" ? "length" : "stop",
    inputTokens,
    reusedTokens: Math.max(0, inputTokens - used.usedInputTokens),
    outputTokens: used.usedOutputTokens,
    thoughtTokens: Math.min(thoughtTokens, used.usedOutputTokens),
  });
}

async function grammarFor({ llama, grammars }: Loaded, schema: JsonSchema): Promise<LlamaGrammar> {
  const key = JSON.stringify(schema);
  const known = grammars.get(key);
  if (known !== undefined) return known;
  const grammar = await llama.createGrammarForJsonSchema(gbnfSchema.parse(schema));
  const oldest = grammars.keys().next().value;
  if (grammars.size >= maxGrammars && oldest !== undefined) grammars.delete(oldest);
  grammars.set(key, grammar);
  return grammar;
}

function toHistoryItem(item: PromptItem): ChatHistoryItem {
  return item.role === "model" ? { type: "model", response: [item.text] } : { type: item.role, text: item.text };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
