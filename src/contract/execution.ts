import type { ErrorFact } from "./errors.ts";
import type { Id } from "./ids.ts";
import type { Json, JsonObject } from "./json.ts";
import type { Usage } from "./usage.ts";

/** `queued → running ⇄ waiting → completed | failed | cancelled`; the last three never change. */
export const executionStatuses = ["queued", "running", "waiting", "completed", "failed", "cancelled"] as const;
export type ExecutionStatus = (typeof executionStatuses)[number];

export function isTerminalStatus(status: ExecutionStatus): boolean {
  return status === "completed" || status === "failed" || status === "cancelled";
}

/** A tool call as read back from the log. */
export interface ToolCallRecord {
  id: string;
  name: string;
  input: JsonObject;
  /** Null while pending and after a failure. */
  output: Json;
  error: ErrorFact | undefined;
  /** Milliseconds; null while pending. */
  durationMs: number | null;
}

/** One execution as operations give it to a dialect. Times are epoch milliseconds. */
export interface Execution {
  id: Id;
  organizationId: Id;
  program: string;
  agentId: Id | undefined;
  agentVersionId: Id | undefined;
  conversationId: Id | undefined;
  status: ExecutionStatus;
  attempt: number;
  lastSeq: number;
  input: Json;
  metadata: JsonObject;
  /** The program's output when completed; otherwise the text shown so far. */
  output: Json;
  error: ErrorFact | undefined;
  toolCalls: ToolCallRecord[];
  usage: Usage;
  /** Null when a model of unknown price was called. */
  costNanoUsd: number | null;
  timing: { totalMs: number; firstTokenMs: number | null; toolCallMs: number };
  createdAt: number;
  finishedAt: number | undefined;
}
