import { RunyardError } from "../../contract/errors.ts";
import type { Usage } from "../../contract/usage.ts";
import type { FinishReason, ModelPart } from "../language-model.ts";
import type { AnswerReader } from "../wire/answer-body.ts";
import { cutAnswer, describeProblem, type ProviderIdentity, providerError } from "../wire/provider-error.ts";
import type { SpelledTools } from "../wire/spelled-tools.ts";
import type { ChatChoice, ChatChunk, ChatContentPiece, ChatDelta } from "./chat-chunk.ts";
import { keepReasoning, type ReasoningField } from "./chat-reasoning.ts";
import { readChatUsage } from "./chat-usage.ts";
import { ToolCallAssembly } from "./tool-call-assembly.ts";

const finishReasons: Readonly<Record<string, FinishReason>> = {
  length: "length",
  max_tokens: "length",
  model_length: "length",
  content_filter: "content-filter",
};

/** The server gave up: OpenRouter, vLLM and SGLang, DeepSeek. */
const failedFinishReasons: ReadonlySet<string> = new Set(["error", "abort", "insufficient_system_resource"]);

/** Statuses that errors inside a stream stand for; all others are a fault of the server. */
const statusOfCode: Readonly<Record<string, number>> = {
  context_length_exceeded: 400,
  exceed_context_size_error: 400,
  invalid_request_error: 400,
  invalid_prompt: 400,
  badrequesterror: 400,
  not_found_error: 404,
  authentication_error: 401,
  invalid_api_key: 401,
  permission_error: 403,
  insufficient_quota: 429,
  rate_limit_error: 429,
  rate_limit_exceeded: 429,
};

/** Reads one answer of a chat completions server. */
export class ChatAnswer implements AnswerReader {
  readonly #identity: ProviderIdentity;
  readonly #tools: SpelledTools;
  readonly #give: (part: ModelPart) => void;
  readonly #calls = new ToolCallAssembly();
  #usage: Usage | undefined;
  #finishReason: string | undefined;
  #refused = false;
  #reasoning = "";
  #reasoningField: ReasoningField | undefined;

  constructor(identity: ProviderIdentity, tools: SpelledTools, give: (part: ModelPart) => void) {
    this.#identity = identity;
    this.#tools = tools;
    this.#give = give;
  }

  readEvent(type: string | undefined, data: string): boolean {
    if (data === "[DONE]") {
      // Whole even where a server never names a finish reason.
      this.#finish();
      return true;
    }
    const chunk: ChatChunk | null = this.#parse(data);
    if (typeof chunk === "object" && chunk !== null) {
      this.#readChunk(type === "error" || chunk.object === "error" ? asError(chunk) : chunk);
    }
    return false;
  }

  readWhole(body: ChatChunk | null): void {
    if (typeof body === "object" && body !== null) this.#readChunk(body);
    this.readEnd();
  }

  readEnd(): void {
    // Servers that leave out [DONE] still name a finish reason; without either, the answer was cut.
    if (this.#finishReason === undefined) throw cutAnswer(this.#identity);
    this.#finish();
  }

  #parse(data: string): ChatChunk | null {
    try {
      return JSON.parse(data);
    } catch (cause) {
      throw new RunyardError("model_unavailable", `${this.#identity.modelId} sent a chunk that is not JSON.`, {
        cause,
      });
    }
  }

  #readChunk(chunk: ChatChunk): void {
    if (chunk.error !== undefined && chunk.error !== null) throw this.#errorWithin(chunk);
    const usage = chunk.usage ?? chunk.x_groq?.usage;
    // Sent once at the end, or with each chunk and growing: the last one counts.
    if (typeof usage === "object" && usage !== null) this.#usage = readChatUsage(usage);
    const choice = chunk.choices?.[0];
    if (typeof choice === "object" && choice !== null) this.#readChoice(choice);
  }

  #readChoice(choice: ChatChoice): void {
    const delta = choice.delta ?? choice.message;
    if (typeof delta === "object" && delta !== null) this.#readDelta(delta);
    if (typeof choice.usage === "object" && choice.usage !== null) this.#usage = readChatUsage(choice.usage);
    const reason = choice.finish_reason;
    if (typeof reason !== "string" || reason === "") return;
    if (failedFinishReasons.has(reason)) {
      throw new RunyardError(
        "model_unavailable",
        `The provider of ${this.#identity.modelId} gave up on the answer (${reason}).`,
      );
    }
    this.#finishReason = reason;
  }

  #readDelta(delta: ChatDelta): void {
    const { content, refusal } = delta;
    // The same text stands in both fields at some servers; the first one with text counts.
    if (delta.reasoning_content) this.#readReasoning("reasoning_content", delta.reasoning_content);
    else if (delta.reasoning) this.#readReasoning("reasoning", delta.reasoning);
    if (typeof content === "string") {
      if (content !== "") this.#give({ type: "text-delta", text: content });
    } else if (Array.isArray(content)) {
      this.#readPieces(content);
    }
    if (typeof refusal === "string" && refusal !== "") {
      this.#refused = true;
      this.#give({ type: "text-delta", text: refusal });
    }
    if (Array.isArray(delta.tool_calls)) for (const piece of delta.tool_calls) this.#calls.add(piece);
  }

  #readReasoning(field: ReasoningField, text: unknown): void {
    if (typeof text !== "string") return;
    this.#reasoningField = field;
    this.#reasoning += text;
    this.#give({ type: "reasoning-delta", text });
  }

  #readPieces(pieces: readonly ChatContentPiece[]): void {
    for (const piece of pieces) {
      if (piece.type === "text" && piece.text) this.#give({ type: "text-delta", text: piece.text });
      for (const thought of piece.thinking ?? []) {
        if (thought.text) this.#give({ type: "reasoning-delta", text: thought.text });
      }
    }
  }

  #errorWithin(chunk: ChatChunk): RunyardError {
    const { message, code, type } = describeProblem(chunk);
    const number = Number(code);
    const status = number >= 400 && number < 600 ? number : (statusOfCode[code] ?? statusOfCode[type] ?? 500);
    return providerError(this.#identity, { status, message, code, retryAfterMs: undefined });
  }

  #finish(): void {
    this.#calls.finish(this.#tools, this.#give);
    const called = !this.#calls.empty;
    this.#give({
      type: "finish",
      reason: this.#reason(called),
      usage: this.#usage,
      ...(called && this.#reasoningField !== undefined
        ? { reasoning: keepReasoning(this.#reasoningField, this.#reasoning) }
        : {}),
    });
  }

  #reason(called: boolean): FinishReason {
    if (this.#refused) return "content-filter";
    // Many servers say `stop` with tool calls, and some `tool_calls` without any.
    return finishReasons[this.#finishReason ?? ""] ?? (called ? "tool-calls" : "stop");
  }
}

/** SGLang and others mark an error by the event's name, with the problem as the data itself. */
function asError(chunk: ChatChunk): ChatChunk {
  return chunk.error === undefined ? { error: chunk } : chunk;
}
