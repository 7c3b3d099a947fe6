import type { Turn } from "../contract/conversation.ts";
import type { Execution } from "../contract/execution.ts";

/** The turns that a finished execution adds to its conversation; a failed one adds none. */
export function turnsOf(execution: Execution): Turn[] {
  if (execution.status !== "completed" && execution.status !== "cancelled") return [];
  const user: Turn = {
    role: "user",
    content: textOf(execution.input),
    at: execution.createdAt,
    executionId: execution.id,
    toolCalls: [],
  };
  const output = textOf(execution.output);
  if (execution.status === "cancelled" && output === "") return [user];
  const at = execution.finishedAt ?? execution.createdAt;
  return [user, { role: "assistant", content: output, at, executionId: execution.id, toolCalls: execution.toolCalls }];
}

function textOf(value: Execution["input"]): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
