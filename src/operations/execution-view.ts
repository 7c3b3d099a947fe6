import type { EventType, StoredEvent } from "../contract/events.ts";
import type { ErrorFact } from "../contract/errors.ts";
import type { Execution, ExecutionStatus, ToolCallRecord } from "../contract/execution.ts";
import type { Json, JsonObject } from "../contract/json.ts";
import { addUsage, noUsage } from "../contract/usage.ts";
import type { ExecutionFacts } from "../engine/hooks.ts";
import type { Row } from "../store/statement.ts";

/** Columns of `execution` that a view is made of, beside its log. */
export const viewColumns = [
  "id",
  "organization_id",
  "program",
  "agent_id",
  "agent_version_id",
  "conversation_id",
  "status",
  "attempt",
  "last_seq",
  "metadata",
  "created_at",
  "finished_at",
  "first_token_at",
  "tool_calls",
  "input_tokens",
  "output_tokens",
  "cache_read_tokens",
  "cache_write_tokens",
  "reasoning_tokens",
  "cost_nano_usd",
  "cost_unknown",
] as const;

/** Event types a view is made of; deltas only where there is no final output. */
export const viewEventTypes = [
  "execution-queued",
  "tool-call-started",
  "tool-call-required",
  "tool-call-finished",
  "execution-completed",
  "execution-failed",
  "execution-cancelled",
] as const satisfies EventType[];

/** Folds an execution's log, event by event, into what operations show of it. */
export class ExecutionView {
  #input: Json = null;
  #output: Json | undefined;
  #text = "";
  #error: ErrorFact | undefined;
  #waitsFor: string | undefined;
  #attempt = 0;
  #firstTokenAt: number | null = null;
  #usage = noUsage;
  #costNanoUsd: number | null = 0;
  #end: { status: ExecutionStatus; seq: number; at: number } | undefined;
  readonly #calls = new Map<string, { record: ToolCallRecord; startedAt: number; endedAt: number | undefined }>();

  add(event: StoredEvent): void {
    switch (event.type) {
      case "execution-queued":
        this.#input = event.body.input;
        break;
      case "attempt-started":
        this.#attempt = event.body.attempt;
        break;
      case "text-delta":
        this.#text += event.body.text;
        this.#firstTokenAt ??= event.at;
        break;
      case "model-called": {
        const { usage, costNanoUsd } = event.body;
        this.#usage = addUsage(this.#usage, usage);
        this.#costNanoUsd = this.#costNanoUsd === null || costNanoUsd === null ? null : this.#costNanoUsd + costNanoUsd;
        break;
      }
      case "tool-call-started":
      case "tool-call-required": {
        const { callId, name, input } = event.body;
        const record: ToolCallRecord = { id: callId, name, input, output: null, error: undefined, durationMs: null };
        // A call that a crash interrupted is started again under the same id.
        if (!this.#calls.has(callId)) this.#calls.set(callId, { record, startedAt: event.at, endedAt: undefined });
        break;
      }
      case "tool-call-finished": {
        const call = this.#calls.get(event.body.callId);
        if (call === undefined) break;
        call.record.output = event.body.output;
        call.record.error = event.body.error;
        call.record.durationMs = event.body.durationMs;
        call.endedAt = event.at;
        break;
      }
      case "wait-started":
        this.#waitsFor = event.body.name;
        break;
      case "wait-finished":
      case "signal-received":
        if (event.body.name === this.#waitsFor) this.#waitsFor = undefined;
        break;
      case "execution-completed":
        this.#output = event.body.output ?? null;
        this.#end = { status: "completed", seq: event.seq, at: event.at };
        break;
      case "execution-failed":
        this.#error = event.body.error;
        this.#end = { status: "failed", seq: event.seq, at: event.at };
        this.#endOpenCalls(event.body.error.code === "tool_timeout" ? event.body.error : unanswered, event.at);
        break;
      case "execution-cancelled":
        this.#end = { status: "cancelled", seq: event.seq, at: event.at };
        this.#endOpenCalls(unanswered, event.at);
        break;
      default:
    }
  }

  /** Calls of the client that it never answered: nobody waits for them any more. */
  #endOpenCalls(error: ErrorFact, at: number): void {
    for (const call of this.#calls.values()) {
      if (call.endedAt !== undefined) continue;
      call.record.error = { code: error.code, message: error.message };
      call.record.durationMs = at - call.startedAt;
      call.endedAt = at;
    }
  }

  /** The name of the wait that the log ends in; undefined when it goes on. */
  get waitsFor(): string | undefined {
    return this.#waitsFor;
  }

  show(row: Row, now: number): Execution {
    const finishedAt = (row["finished_at"] as number | null) ?? undefined;
    return {
      id: row["id"] as string,
      organizationId: row["organization_id"] as string,
      program: row["program"] as string,
      agentId: (row["agent_id"] as string | null) ?? undefined,
      agentVersionId: (row["agent_version_id"] as string | null) ?? undefined,
      conversationId: (row["conversation_id"] as string | null) ?? undefined,
      status: row["status"] as ExecutionStatus,
      attempt: row["attempt"] as number,
      lastSeq: row["last_seq"] as number,
      metadata: JSON.parse(row["metadata"] as string) as JsonObject,
      usage: {
        inputTokens: row["input_tokens"] as number,
        outputTokens: row["output_tokens"] as number,
        cacheReadTokens: row["cache_read_tokens"] as number,
        cacheWriteTokens: row["cache_write_tokens"] as number,
        reasoningTokens: row["reasoning_tokens"] as number,
      },
      costNanoUsd: row["cost_unknown"] === 0 ? (row["cost_nano_usd"] as number) : null,
      ...this.#shown(row["created_at"] as number, finishedAt, row["first_token_at"] as number | null, now),
    };
  }

  /** The same without the row, of an execution whose whole log was added; undefined before its end. */
  showEnded(facts: ExecutionFacts): Execution | undefined {
    const end = this.#end;
    if (end === undefined) return undefined;
    return {
      id: facts.id,
      organizationId: facts.organizationId,
      program: facts.program,
      agentId: facts.agentId ?? undefined,
      agentVersionId: facts.agentVersionId ?? undefined,
      conversationId: facts.conversationId ?? undefined,
      status: end.status,
      attempt: this.#attempt,
      lastSeq: end.seq,
      metadata: JSON.parse(facts.metadata) as JsonObject,
      usage: this.#usage,
      costNanoUsd: this.#costNanoUsd,
      ...this.#shown(facts.createdAt, end.at, this.#firstTokenAt, end.at),
    };
  }

  /** What the log alone tells. */
  #shown(createdAt: number, finishedAt: number | undefined, firstTokenAt: number | null, now: number) {
    const calls = [...this.#calls.values()];
    return {
      input: callerInput(this.#input),
      output: this.#output ?? this.#text,
      error: this.#error,
      toolCalls: calls.map((call) => call.record),
      timing: {
        totalMs: (finishedAt ?? now) - createdAt,
        firstTokenMs: firstTokenAt === null ? null : firstTokenAt - createdAt,
        toolCallMs: unionLength(calls, finishedAt ?? now),
      },
      createdAt,
      finishedAt,
    };
  }
}

const unanswered: ErrorFact = { code: "cancelled", message: "The execution ended before this call did." };

/** What the caller gave, out of a program's whole input. */
function callerInput(input: Json): Json {
  if (typeof input === "object" && input !== null && !Array.isArray(input) && "agentVersionId" in input)
    return input["input"] ?? null;
  return input;
}

/** Milliseconds in which at least one call ran, so that parallel calls do not count twice. */
function unionLength(calls: readonly { startedAt: number; endedAt: number | undefined }[], now: number): number {
  if (calls.length === 0) return 0;
  const spans = calls.map(({ startedAt, endedAt }) => [startedAt, endedAt ?? now] as const).sort((a, b) => a[0] - b[0]);
  let total = 0;
  let end = Number.NEGATIVE_INFINITY;
  for (const [from, to] of spans) {
    total += Math.max(0, to - Math.max(from, end));
    end = Math.max(end, to);
  }
  return total;
}
