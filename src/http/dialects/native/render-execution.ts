import type { Execution, ToolCallRecord } from "../../../contract/execution.ts";
import { spellId } from "../../../contract/ids.ts";
import type { Json } from "../../../contract/json.ts";
import type { Usage } from "../../../contract/usage.ts";
import { renderExecutionError, wireCode } from "./render-error.ts";
import type {
  WireCancelledExecution,
  WireExecution,
  WireExecutionStatus,
  WireToolCall,
  WireUsage,
} from "./schemas/execution.ts";
import { renderTime } from "./time.ts";

/** The full execution. Written by hand and without a schema: every answer of the busiest route comes through here. */
export function renderExecution(execution: Execution): WireExecution {
  const wire: WireExecution = {
    id: spellId("execution", execution.id),
    agentId: spellOptional("agent", execution.agentId),
    conversationId: spellOptional("conversation", execution.conversationId),
    status: wireStatus(execution),
    output: renderOutput(execution.output),
    toolCalls: execution.toolCalls.map(renderToolCall),
    usage: renderUsage(execution.usage),
    timing: execution.timing,
    metadata: execution.metadata,
    createdAt: renderTime(execution.createdAt),
  };
  if (typeof execution.input === "string") wire.input = execution.input;
  if (execution.error !== undefined) wire.error = renderExecutionError(execution.error);
  if (execution.finishedAt !== undefined) wire.completedAt = renderTime(execution.finishedAt);
  return wire;
}

/** The four keys of the answer to a cancellation. */
export function renderCancelled(execution: Execution): WireCancelledExecution {
  const { inputTokens, outputTokens } = execution.usage;
  return {
    id: spellId("execution", execution.id),
    status: "cancelled",
    output: renderOutput(execution.output),
    usage: { inputTokens, outputTokens, totalTokens: inputTokens + outputTokens },
  };
}

/**
 * The wire knows four states and `requires_action`. Queued is shown as running, because only running executions may be
 * cancelled and a queued one may be too. Waiting is `requires_action` when it is the client's turn.
 */
export function wireStatus(execution: Pick<Execution, "status" | "toolCalls">): WireExecutionStatus {
  switch (execution.status) {
    case "queued":
    case "running":
      return "running";
    case "waiting":
      return execution.toolCalls.some(isPending) ? "requires_action" : "running";
    case "completed":
    case "failed":
    case "cancelled":
      return execution.status;
    default:
      return execution.status satisfies never;
  }
}

function isPending(call: ToolCallRecord): boolean {
  return call.durationMs === null && call.error === undefined;
}

/** Text as it is, nothing as empty text, any other output as JSON. */
export function renderOutput(output: Json): string {
  if (typeof output === "string") return output;
  return output === null ? "" : JSON.stringify(output);
}

export function renderToolCall(call: ToolCallRecord): WireToolCall {
  const wire: WireToolCall = {
    id: spellId("toolCall", call.id),
    name: call.name,
    parameters: call.input,
    result: call.error === undefined ? call.output : null,
    duration: call.durationMs,
  };
  if (call.error !== undefined) wire.error = { code: wireCode(call.error.code), message: call.error.message };
  return wire;
}

export function renderUsage(usage: Usage): WireUsage {
  return {
    inputTokens: usage.inputTokens,
    outputTokens: usage.outputTokens,
    totalTokens: usage.inputTokens + usage.outputTokens,
    cacheReadTokens: usage.cacheReadTokens,
    cacheWriteTokens: usage.cacheWriteTokens,
  };
}

export function spellOptional(kind: "agent" | "conversation", id: string | undefined): string | null {
  return id === undefined ? null : spellId(kind, id);
}
