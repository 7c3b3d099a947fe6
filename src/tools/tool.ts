import type { ErrorFact } from "../contract/errors.ts";
import type { Id } from "../contract/ids.ts";
import type { Json, JsonObject, JsonSchema } from "../contract/json.ts";
import type { ToolEffect } from "../contract/tool.ts";

/** A tool ready to be offered to a model. `runs` says who does the work. */
export type Tool = ServerTool | ClientTool;

/** What the model is told of a tool. */
export interface ToolOffer {
  readonly name: string;
  readonly description: string;
  readonly parameters: JsonSchema;
}

interface OfferedTool extends ToolOffer {
  /** What may be repeated after a crash. */
  readonly effect: ToolEffect;
  /** Says in words for the model what is wrong with an input; undefined when it fits `parameters`. */
  check(input: JsonObject): string | undefined;
}

/** Called here. */
export interface ServerTool extends OfferedTool {
  readonly runs: "server";
  /**
   * Runs one call, after checking the input against `parameters`. A failure of the work is a value, not a throw: it goes
   * back to the model. Called again with the same `callId`, it may do its work again unless `effect` is `once`, which is
   * for the caller to hold.
   * @returns output of at most 1 MiB as JSON text
   * @throws the reason of `signal`, and only when it aborts; promptly, whatever the tool is doing
   */
  call(input: JsonObject, context: ToolContext): Promise<ToolResult>;
}

/** Called by whoever started the execution, which waits for the result. `check` the input before asking for it. */
export interface ClientTool extends OfferedTool {
  readonly runs: "client";
}

export type ToolResult = { output: Json; error?: undefined } | { output?: undefined; error: ErrorFact };

/** Who calls, for handlers that want to know. `callId` is an id as well, stable over retries and restarts. */
export interface ToolContext {
  callId: Id;
  organizationId: Id;
  agentId: Id;
  executionId: Id;
  conversationId: Id;
  metadata: JsonObject;
  session: JsonObject;
  signal: AbortSignal;
  /** Asks the agent's model, for tools that need one; the caller notes the usage. */
  askModel?: AskModel;
}

/**
 * One plain question to a model.
 * @throws RunyardError `model_unavailable`, `model_refused`, `context_length_exceeded`
 */
export type AskModel = (
  question: { system: string; prompt: string; maxTokens: number },
  options: { signal: AbortSignal },
) => Promise<string>;

/** How a tool is written: without the checks that every tool gets from `guardTool`. */
export interface ToolWork extends ToolOffer {
  readonly effect: ToolEffect;
  /** May throw: a `RunyardError` goes to the model with its message, anything else as a fault without detail. */
  run(input: JsonObject, context: ToolContext): Promise<ToolResult>;
}

/** A failure of the work, as a value. */
export function toolFailure(message: string, code: ErrorFact["code"] = "tool_error"): ToolResult {
  return { error: { code, message } };
}
