import type { Json, JsonObject, JsonSchema } from "../contract/json.ts";
import type { Usage } from "../contract/usage.ts";

/**
 * The one interface of every model. A call is a single request and its streamed answer; loops, retries across
 * answers and tool execution live above it.
 */
export interface LanguageModel {
  /** `provider/model`, e.g. `openai/gpt-4.1-mini`. */
  readonly id: string;
  /** True when the provider goes on from a last assistant message exactly where it ends (prefill). */
  readonly continuesAnswers: boolean;
  /**
   * Yields the parts of one answer in order, ending with exactly one `finish`.
   * @throws RunyardError `model_unavailable` (retryable), `model_refused`, `context_length_exceeded`, `cancelled`;
   *   also when the error arrives inside a stream that began with status 200
   */
  stream(request: ModelRequest, options: { signal: AbortSignal }): AsyncIterable<ModelPart>;
}

export interface ModelRequest {
  /** System blocks in order, joined with a blank line where the provider takes one text. */
  system: readonly string[];
  /** Oldest first. A last message of role `assistant` asks the model to go on from its end. */
  messages: readonly ModelMessage[];
  tools?: readonly ModelTool[];
  temperature?: number;
  topP?: number;
  /** Upper bound on the tokens of the answer. */
  maxTokens?: number;
  /** Asks for an answer that is JSON of this schema, where the provider can hold the model to it. */
  outputSchema?: JsonSchema;
}

export type ModelMessage =
  | { role: "user"; content: string }
  | {
      role: "assistant";
      content: string;
      toolCalls?: readonly ModelToolCall[];
      /** Reasoning that the provider wants back unchanged with the tool results; opaque to everyone else. */
      reasoning?: readonly Json[];
    }
  | { role: "tool"; callId: string; name: string; output: Json; isError: boolean };

export interface ModelTool {
  name: string;
  description: string;
  parameters: JsonSchema;
}

export interface ModelToolCall {
  /** The provider's id of the call, or one made by the adapter when the provider gives none. */
  id: string;
  name: string;
  input: JsonObject;
}

export type FinishReason = "stop" | "length" | "tool-calls" | "content-filter";

export type ModelPart =
  /** Never empty. */
  | { type: "text-delta"; text: string }
  | { type: "reasoning-delta"; text: string }
  /** Complete; arguments that are no JSON object arrive as `invalid` with the raw text. */
  | { type: "tool-call"; call: ModelToolCall; invalid?: string }
  /** Something a person may want to see while nothing else comes: loading, queued. */
  | { type: "status"; text: string }
  | {
      type: "finish";
      reason: FinishReason;
      /** Undefined when the provider sent none. */
      usage: Usage | undefined;
      /** What to hand back as `reasoning` of the assistant message, when the answer has tool calls. */
      reasoning?: readonly Json[];
    };
