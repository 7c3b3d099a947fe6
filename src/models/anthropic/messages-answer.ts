import { randomUUID } from "node:crypto";
import { RunyardError } from "../../contract/errors.ts";
import type { Json } from "../../contract/json.ts";
import type { FinishReason, ModelPart } from "../language-model.ts";
import type { AnswerReader } from "../wire/answer-body.ts";
import { cutAnswer, describeProblem, type ProviderIdentity, providerError } from "../wire/provider-error.ts";
import type { SpelledTools } from "../wire/spelled-tools.ts";
import { readArguments } from "../wire/tool-arguments.ts";
import { ContinuedText } from "./continued-text.ts";
import type { MessagesBlock, MessagesDelta, MessagesEvent, WholeMessage } from "./messages-event.ts";
import { MessagesUsageCount } from "./messages-usage.ts";

const finishReasons: Readonly<Record<string, FinishReason>> = {
  max_tokens: "length",
  model_context_window_exceeded: "length",
  refusal: "content-filter",
};

/** @see https://platform.claude.com/docs/en/api/errors */
const statusOfType: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  timeout_error: 504,
  overloaded_error: 529,
};

/** Reads one answer of a messages server. */
export class MessagesAnswer implements AnswerReader {
  readonly #identity: ProviderIdentity;
  readonly #tools: SpelledTools;
  readonly #give: (part: ModelPart) => void;
  readonly #continued: ContinuedText;
  readonly #usage = new MessagesUsageCount();
  /** The blocks that began and did not end, by their index; usually one. */
  readonly #open = new Map<number, MessagesBlock & { json: string }>();
  readonly #thinking: Json[] = [];
  #stopReason: string | undefined;
  #called = false;

  constructor(
    identity: ProviderIdentity,
    tools: SpelledTools,
    omittedWhitespace: string,
    give: (part: ModelPart) => void,
  ) {
    this.#identity = identity;
    this.#tools = tools;
    this.#continued = new ContinuedText(omittedWhitespace);
    this.#give = give;
  }

  readEvent(_type: string | undefined, data: string): boolean {
    const event: MessagesEvent | null = this.#parse(data);
    if (typeof event !== "object" || event === null) return false;
    switch (event.type) {
      case "content_block_delta":
        if (event.delta) this.#readDelta(event.index ?? 0, event.delta);
        return false;
      case "message_start":
        this.#usage.add(event.message?.usage);
        return false;
      case "content_block_start":
        if (event.content_block) this.#startBlock(event.index ?? 0, event.content_block);
        return false;
      case "content_block_stop":
        this.#endBlock(event.index ?? 0);
        return false;
      case "message_delta":
        this.#usage.add(event.usage);
        this.#stopReason = event.delta?.stop_reason ?? this.#stopReason;
        return false;
      case "message_stop":
        this.#finish();
        return true;
      case "error":
        throw this.#errorWithin(event);
      default:
        return false; // `ping`, and what the provider adds in later years
    }
  }

  readWhole(message: WholeMessage | null): void {
    if (typeof message !== "object" || message === null) throw cutAnswer(this.#identity);
    if (message.type === "error") throw this.#errorWithin(message);
    this.#usage.add(message.usage);
    for (const [index, block] of (message.content ?? []).entries()) {
      this.#startBlock(index, block);
      this.#endBlock(index);
    }
    this.#stopReason = message.stop_reason ?? undefined;
    this.readEnd();
  }

  readEnd(): void {
    // Some gateways leave out the last event, but none the reason to stop.
    if (this.#stopReason === undefined) throw cutAnswer(this.#identity);
    this.#finish();
  }

  #parse(data: string): MessagesEvent | null {
    try {
      return JSON.parse(data);
    } catch (cause) {
      throw new RunyardError("model_unavailable", `${this.#identity.modelId} sent an event that is not JSON.`, {
        cause,
      });
    }
  }

  #startBlock(index: number, block: MessagesBlock): void {
    this.#open.set(index, { ...block, json: "" });
    if (block.type === "text" && block.text) this.#giveText(block.text);
    if (block.type === "thinking" && block.thinking) this.#give({ type: "reasoning-delta", text: block.thinking });
  }

  #readDelta(index: number, delta: MessagesDelta): void {
    const block = this.#open.get(index);
    switch (delta.type) {
      case "text_delta":
        if (delta.text) this.#giveText(delta.text);
        break;
      case "input_json_delta":
        if (block !== undefined) block.json += delta.partial_json ?? "";
        break;
      case "thinking_delta":
        if (!delta.thinking) break;
        if (block !== undefined) block.thinking = (block.thinking ?? "") + delta.thinking;
        this.#give({ type: "reasoning-delta", text: delta.thinking });
        break;
      case "signature_delta":
        if (block !== undefined) block.signature = (block.signature ?? "") + (delta.signature ?? "");
        break;
      default: // citations, and what comes later
    }
  }

  #endBlock(index: number): void {
    const block = this.#open.get(index);
    if (block === undefined) return;
    this.#open.delete(index);
    if (block.type === "tool_use") {
      this.#giveCall(block);
    } else if (block.type === "thinking") {
      this.#thinking.push({ type: "thinking", thinking: block.thinking ?? "", signature: block.signature ?? "" });
    } else if (block.type === "redacted_thinking") {
      this.#thinking.push({ type: "redacted_thinking", data: block.data ?? "" });
    }
  }

  #giveText(delta: string): void {
    const text = this.#continued.next(delta);
    if (text !== "") this.#give({ type: "text-delta", text });
  }

  #giveCall(block: MessagesBlock & { json: string }): void {
    this.#called = true;
    // Compatible servers send the input whole with the start of the block.
    const { input, invalid } = block.json === "" ? { input: block.input ?? {} } : readArguments(block.json);
    const known = this.#tools.fromProvider(block.name ?? "", input);
    const id = block.id ?? `toolu_${randomUUID().replaceAll("-", "")}`;
    this.#give({ type: "tool-call", call: { id, ...known }, ...(invalid === undefined ? {} : { invalid }) });
  }

  #errorWithin(event: { error?: unknown }): RunyardError {
    const { message, code, type } = describeProblem(event);
    const status = statusOfType[type] ?? 500;
    return providerError(this.#identity, { status, message, code, retryAfterMs: undefined });
  }

  #finish(): void {
    // A block that never ended was cut by the bound on tokens.
    for (const index of this.#open.keys()) this.#endBlock(index);
    this.#give({
      type: "finish",
      reason: finishReasons[this.#stopReason ?? ""] ?? (this.#called ? "tool-calls" : "stop"),
      usage: this.#usage.total,
      ...(this.#called && this.#thinking.length > 0 ? { reasoning: this.#thinking } : {}),
    });
  }
}
