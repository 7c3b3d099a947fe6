import type { Execution, TokenUsage, ToolCall } from "../../client/src/index.ts";
import { renderFields } from "./table.ts";

export function renderExecution(execution: Execution): string {
  return renderFields({
    id: execution.id,
    agent: execution.agentId,
    conversation: execution.conversationId,
    status: execution.status,
    error: execution.error === undefined ? undefined : `${execution.error.code}: ${execution.error.message}`,
    input: execution.input,
    output: execution.output,
    ...Object.fromEntries(execution.toolCalls.map((call) => [`tool ${call.name}`, renderToolCall(call)])),
    usage: renderUsage(execution.usage),
    timing: `${execution.timing.totalMs} ms, first token ${execution.timing.firstTokenMs ?? "none"}${execution.timing.firstTokenMs === null ? "" : " ms"}, tools ${execution.timing.toolCallMs} ms`,
    metadata: JSON.stringify(execution.metadata),
    created: execution.createdAt,
    completed: execution.completedAt,
  });
}

export function renderUsage(usage: TokenUsage): string {
  const cached = (usage.cacheReadTokens ?? 0) > 0 ? `, ${usage.cacheReadTokens} of them cached` : "";
  return `${usage.totalTokens} tokens (${usage.inputTokens} in${cached}, ${usage.outputTokens} out)`;
}

function renderToolCall(call: ToolCall): string {
  const outcome = call.error === undefined ? JSON.stringify(call.result) : `${call.error.code}: ${call.error.message}`;
  const state = call.duration === null ? "pending" : `${outcome} (${call.duration} ms)`;
  return `${JSON.stringify(call.parameters)} → ${state}`;
}
