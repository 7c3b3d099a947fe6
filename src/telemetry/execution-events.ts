import type { ExecutionStatus } from "../contract/execution.ts";
import type { Id } from "../contract/ids.ts";
import type { Usage } from "../contract/usage.ts";
import { modelCallAttributes } from "./model-call-attributes.ts";
import type { TelemetryParts } from "./telemetry-parts.ts";

export interface AcceptedExecution {
  executionId: Id;
  organizationId: Id;
  agentId?: Id;
  conversationId?: Id;
  /** The runtime, or the program where there is no agent: `chat`, `webhook-delivery`. */
  runtime: string;
}

export interface StartedAttempt {
  executionId: Id;
  runtime: string;
  attempt: number;
  reason: "first" | "resumed" | "recovered" | "handed-back";
  /** From due to taken up. */
  queuedMs: number;
}

export interface FinishedStep {
  executionId: Id;
  runtime: string;
  attempt: number;
  name: string;
  durationMs: number;
  errorCode?: string;
}

export interface ModelCall {
  /** Absent for a call outside an execution. */
  executionId?: Id;
  conversationId?: Id;
  /** `provider/model`. */
  model: string;
  purpose: string;
  /** Undefined when neither the provider nor we counted. */
  usage: Usage | undefined;
  costNanoUsd: number | null;
  finishReason: string;
  durationMs: number;
  /** Undefined when no part came. */
  firstTokenMs?: number;
  errorCode?: string;
}

export interface ModelRetry {
  executionId?: Id;
  model: string;
  /** The try that failed, from 1. */
  try: number;
  delayMs: number;
  errorCode: string;
}

export interface ToolCall {
  executionId: Id;
  callId: string;
  name: string;
  durationMs: number;
  errorCode?: string;
}

export interface FinishedExecution extends AcceptedExecution {
  status: Extract<ExecutionStatus, "completed" | "failed" | "cancelled">;
  /** From acceptance to the end. */
  durationMs: number;
  usage?: Usage;
  costNanoUsd?: number | null;
  errorCode?: string;
}

export type ExecutionEvents = ReturnType<typeof createExecutionEvents>;

/** What happens to executions. Each helper writes log, metric and trace together; below its log level it allocates nothing. */
export function createExecutionEvents({ logging, metrics, traces }: TelemetryParts) {
  const log = logging.logger("execution");

  return {
    executionAccepted(facts: AcceptedExecution): void {
      metrics.executionsAccepted.inc({ runtime: facts.runtime });
      if (log.isLevelEnabled("debug")) log.debug({ ...facts }, "execution accepted");
    },

    attemptStarted(facts: StartedAttempt): void {
      metrics.queueWait.observe({ runtime: facts.runtime }, facts.queuedMs / 1000);
      if (log.isLevelEnabled("debug")) log.debug({ ...facts }, "attempt started");
    },

    stepFinished(facts: FinishedStep): void {
      const outcome = facts.errorCode === undefined ? "completed" : "failed";
      metrics.steps.observe({ runtime: facts.runtime, outcome }, facts.durationMs / 1000);
      if (log.isLevelEnabled("debug")) log.debug({ ...facts }, "step finished");
      if (traces === undefined) return;
      const endedAt = Date.now();
      traces.record({
        name: `step ${facts.name}`,
        kind: "internal",
        executionId: facts.executionId,
        startedAt: endedAt - facts.durationMs,
        endedAt,
        attributes: { "runyard.step.name": facts.name, "runyard.attempt": facts.attempt },
        errorCode: facts.errorCode,
      });
    },

    modelCalled(facts: ModelCall): void {
      const model = metrics.modelLabel(facts.model);
      const outcome = facts.errorCode === undefined ? "completed" : "failed";
      metrics.modelCalls.observe({ model, outcome }, facts.durationMs / 1000);
      if (facts.firstTokenMs !== undefined) metrics.firstTokens.observe({ model }, facts.firstTokenMs / 1000);
      metrics.tokens.add(model, facts.usage, facts.costNanoUsd);
      if (facts.errorCode !== undefined) log.warn({ ...facts }, "model call failed");
      else if (log.isLevelEnabled("debug")) log.debug({ ...facts }, "model called");
      if (traces === undefined) return;
      const endedAt = Date.now();
      traces.record({
        name: `chat ${facts.model.slice(facts.model.indexOf("/") + 1)}`,
        kind: "client",
        executionId: facts.executionId,
        startedAt: endedAt - facts.durationMs,
        endedAt,
        attributes: modelCallAttributes(facts),
        errorCode: facts.errorCode,
      });
    },

    modelRetried(facts: ModelRetry): void {
      metrics.modelRetries.inc({ model: metrics.modelLabel(facts.model), code: facts.errorCode });
      log.info({ ...facts }, "model call is tried again");
    },

    toolCalled(facts: ToolCall): void {
      const outcome = facts.errorCode === undefined ? "completed" : "failed";
      metrics.toolCalls.observe({ outcome }, facts.durationMs / 1000);
      if (log.isLevelEnabled("debug")) log.debug({ ...facts }, "tool called");
      if (traces === undefined) return;
      const endedAt = Date.now();
      traces.record({
        name: `execute_tool ${facts.name}`,
        kind: "internal",
        executionId: facts.executionId,
        startedAt: endedAt - facts.durationMs,
        endedAt,
        attributes: {
          "gen_ai.operation.name": "execute_tool",
          "gen_ai.tool.name": facts.name,
          "gen_ai.tool.call.id": facts.callId,
          "gen_ai.tool.type": "function",
        },
        errorCode: facts.errorCode,
      });
    },

    executionFinished(facts: FinishedExecution): void {
      metrics.executionsFinished.observe({ runtime: facts.runtime, status: facts.status }, facts.durationMs / 1000);
      if (facts.status === "failed") log.warn({ ...facts }, "execution failed");
      else if (log.isLevelEnabled("debug")) log.debug({ ...facts }, "execution finished");
      if (traces === undefined) return;
      const endedAt = Date.now();
      traces.record({
        name: `invoke_agent ${facts.runtime}`,
        kind: "internal",
        executionId: facts.executionId,
        isExecution: true,
        startedAt: endedAt - facts.durationMs,
        endedAt,
        attributes: {
          "gen_ai.operation.name": "invoke_agent",
          "gen_ai.agent.id": facts.agentId,
          "gen_ai.conversation.id": facts.conversationId,
          "gen_ai.usage.input_tokens": facts.usage?.inputTokens,
          "gen_ai.usage.output_tokens": facts.usage?.outputTokens,
          "runyard.execution.id": facts.executionId,
          "runyard.execution.status": facts.status,
          "runyard.organization.id": facts.organizationId,
        },
        errorCode: facts.errorCode,
      });
    },
  };
}
