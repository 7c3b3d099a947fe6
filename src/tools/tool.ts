import type { ErrorFact } from "../contract/errors.ts";
import type { Id } from "../contract/ids.ts";
import type { Json, JsonObject, JsonSchema } from "../contract/json.ts";
import type { ToolEffect } from "../contract/tool.ts";

/** A tool ready to be offered to a model and called. */
export interface Tool {
  readonly name: string;
  readonly description: string;
  readonly parameters: JsonSchema;
  /** What may be repeated after a crash. */
  readonly effect: ToolEffect;
  /**
   * Runs one call. The input was checked against `parameters` before. A failure of the work is a value, not a throw:
   * it goes back to the model.
   * @throws only when `signal` aborts
   */
  call(input: JsonObject, context: ToolContext): Promise<ToolResult>;
}

export type ToolResult = { output: Json; error?: undefined } | { output?: undefined; error: ErrorFact };

/** Who calls, for handlers that want to know. `callId` is stable over retries and restarts. */
export interface ToolContext {
  callId: string;
  organizationId: Id;
  agentId: Id;
  executionId: Id;
  conversationId: Id;
  metadata: JsonObject;
  session: JsonObject;
  signal: AbortSignal;
}
