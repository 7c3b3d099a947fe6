import type { StoredEvent } from "../contract/events.ts";
import type { EngineHooks, ExecutionFacts } from "../engine/hooks.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";

/** Tells logs, metrics and traces what executions have just committed. */
export function reportEvents(telemetry: Telemetry): NonNullable<EngineHooks["committed"]> {
  return (facts, events) => {
    for (const event of events) report(telemetry, facts, event);
  };
}

function report(telemetry: Telemetry, facts: ExecutionFacts, event: StoredEvent): void {
  const executionId = facts.id;
  const runtime = facts.program;
  switch (event.type) {
    case "execution-queued":
      telemetry.executionAccepted(describe(facts));
      break;
    case "attempt-started":
      telemetry.attemptStarted({
        executionId,
        runtime,
        attempt: event.body.attempt,
        reason: event.body.reason,
        queuedMs: event.body.attempt === 1 ? event.at - facts.createdAt : 0,
      });
      break;
    case "model-called":
      telemetry.modelCalled({
        executionId,
        conversationId: facts.conversationId ?? undefined,
        model: event.body.model,
        purpose: event.body.purpose,
        usage: event.body.usage,
        costNanoUsd: event.body.costNanoUsd,
        finishReason: event.body.finishReason,
        durationMs: event.body.durationMs,
        errorCode: event.body.finishReason === "error" ? "model_unavailable" : undefined,
      });
      break;
    case "step-finished":
      telemetry.stepFinished({
        executionId,
        runtime,
        attempt: event.attempt,
        name: event.body.name,
        durationMs: event.body.durationMs,
        errorCode: event.body.error?.code,
      });
      break;
    case "tool-call-finished":
      telemetry.toolCalled({
        executionId,
        callId: event.body.callId,
        name: event.body.name,
        durationMs: event.body.durationMs,
        errorCode: event.body.error?.code,
      });
      break;
    case "execution-completed":
    case "execution-failed":
    case "execution-cancelled":
      telemetry.executionFinished({
        ...describe(facts),
        status: statusOf[event.type],
        durationMs: event.at - facts.createdAt,
        errorCode: event.type === "execution-failed" ? event.body.error.code : undefined,
      });
      break;
    default:
  }
}

const statusOf = {
  "execution-completed": "completed",
  "execution-failed": "failed",
  "execution-cancelled": "cancelled",
} as const;

function describe({ id, organizationId, agentId, conversationId, program }: ExecutionFacts) {
  return {
    executionId: id,
    organizationId,
    agentId: agentId ?? undefined,
    conversationId: conversationId ?? undefined,
    runtime: program,
  };
}
