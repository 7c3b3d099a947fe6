import type { Id } from "./ids.ts";
import type { JsonObject } from "./json.ts";
import type { ToolCallRecord } from "./execution.ts";

export interface Conversation {
  id: Id;
  organizationId: Id;
  /** The agent that opened it. */
  agentId: Id;
  session: JsonObject;
  turnCount: number;
  tokenCount: number;
  createdAt: number;
  lastActiveAt: number;
}

/** One entry of a conversation; a user entry and an assistant entry come from each finished execution. */
export interface Turn {
  role: "user" | "assistant";
  content: string;
  at: number;
  executionId: Id;
  toolCalls: ToolCallRecord[];
}
