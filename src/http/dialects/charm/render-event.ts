import type { ErrorFact } from "../../../contract/errors.ts";
import { isTerminalEvent, type StoredEvent } from "../../../contract/events.ts";
import type { Json, JsonObject } from "../../../contract/json.ts";
import { withPlainIds } from "./plain-ids.ts";

/** One event as the wire has it; the same in the stream and in lists. */
export type WireEvent = { type: string; [member: string]: Json };

/** What events need of the run beside its log. */
export interface RunContext {
  /** As its caller calls it. */
  runId: string;
  threadId: string | null;
  /** Epoch milliseconds. */
  createdAt: number;
  /** An absolute address by which anybody may read the file. */
  urlOf(fileId: string): string;
}

const exitCodes = { failed: 1, timedOut: 124, cancelled: 130 };

/**
 * Renders the log of one run, in order. What it keeps of events that have passed only grows, so that events that are
 * rendered again (a slow reader's page is read twice) come out the same.
 *
 * - exactly one `final` of a run that succeeds: the first output of the program, else the result of the execution, else
 *   the deltas joined;
 * - a failure is told once: by the program's own word, else by ours;
 * - `internal_run_finished` closes the log, made from its terminal event.
 */
export class RunRenderer {
  readonly #context: RunContext;
  #text = "";
  /** Numbers of the events that have said this; 0: none has. */
  #textUpTo = 0;
  #finalAt = 0;
  #failureAt = 0;
  #suspendedAt = 0;
  #exitCode: number | undefined;

  constructor(context: RunContext) {
    this.#context = context;
  }

  render(event: StoredEvent): WireEvent[] {
    switch (event.type) {
      case "execution-queued":
        return [{ type: "status", content: "Run accepted", run_id: this.#context.runId }];
      case "attempt-started":
        return event.body.attempt === 1 ? [] : [{ type: "status", content: "Run taken up again" }];
      case "status-noted":
        return [{ type: "status", content: event.body.text }];
      case "reasoning-delta":
        return event.body.text === "" ? [] : [{ type: "thinking", content: event.body.text }];
      case "text-delta":
        return this.#delta(event.seq, event.body.text);
      case "tool-call-started":
        return [{ type: "tool_usage", tool: event.body.name, count: 1 }];
      case "tool-usage-noted":
        return [{ type: "tool_usage", tool: event.body.tool, count: event.body.count }];
      case "tool-call-required": {
        const { callId, name, input } = event.body;
        return this.#control(event.seq, this.#context.threadId, {
          tool_call_id: callId,
          tool: name,
          parameters: input,
        });
      }
      case "suspension-noted":
        return this.#control(event.seq, event.body.threadId ?? this.#context.threadId, event.body.nextStep);
      case "output-produced":
        return this.#final(event.seq, event.body.value, event.body.type);
      case "failure-noted":
        this.#failureAt ||= event.seq;
        return this.#failureAt === event.seq ? [{ type: "error", content: event.body.message }] : [];
      case "state-saved":
        return [{ type: "state_update", content: event.body.state }];
      case "file-produced": {
        const { fileId, name, type } = event.body;
        return [{ type: "artifact", content: { name, url: this.#context.urlOf(fileId), mime: type } }];
      }
      case "program-event-noted":
        return foreign(event.body.event);
      case "process-finished":
        this.#exitCode = event.body.exitCode;
        return [];
      case "execution-completed":
        return [...this.#result(event.seq, event.body.output), this.#finished(event.at, this.#exitCode ?? 0)];
      case "execution-failed":
        return [
          ...this.#failure(event.body.error.message),
          this.#finished(event.at, this.#failedCode(event.body.error)),
        ];
      case "execution-cancelled":
        return [...this.#failure("The run was cancelled."), this.#finished(event.at, exitCodes.cancelled)];
      default:
        return [];
    }
  }

  /** What closes a stream whose log does not end here: where the run waits for somebody. */
  renderPause(last: StoredEvent | undefined): WireEvent[] {
    if (last === undefined || isTerminalEvent(last)) return [];
    return [this.#finished(last.at, 0)];
  }

  #delta(seq: number, text: string): WireEvent[] {
    if (text === "") return [];
    if (seq > this.#textUpTo) {
      this.#textUpTo = seq;
      // Kept for the case alone that nothing else says the result.
      if (this.#finalAt === 0) this.#text += text;
    }
    return [{ type: "delta", content: text }];
  }

  #control(seq: number, threadId: string | null, nextStep: Json): WireEvent[] {
    this.#suspendedAt ||= seq;
    return [{ type: "control", status: "suspended", thread_id: threadId, next_step: nextStep }];
  }

  #final(seq: number, value: Json, format: string): WireEvent[] {
    this.#finalAt ||= seq;
    if (this.#finalAt !== seq) return [];
    this.#text = "";
    return [{ type: "final", content: value, format }];
  }

  #result(seq: number, output: Json | undefined): WireEvent[] {
    if (this.#finalAt !== 0 && this.#finalAt !== seq) return [];
    // Somebody is asked instead of answered.
    if (this.#suspendedAt !== 0) return [];
    const value = output ?? (this.#text === "" ? null : this.#text);
    return this.#final(seq, value, formatOf(value));
  }

  #failure(message: string): WireEvent[] {
    return this.#failureAt === 0 ? [{ type: "error", content: withPlainIds(message) }] : [];
  }

  #failedCode({ code }: ErrorFact): number {
    if (code === "program_timeout") return exitCodes.timedOut;
    // A program can fail by its word and end with 0 all the same.
    return this.#exitCode === undefined || this.#exitCode === 0 ? exitCodes.failed : this.#exitCode;
  }

  #finished(at: number, exitCode: number): WireEvent {
    const duration = Math.max(0, at - this.#context.createdAt);
    return { type: "internal_run_finished", content: { exit_code: exitCode, duration_ms: duration } };
  }
}

/** How to show a value that nothing else is said of. */
export function formatOf(value: Json): string {
  if (typeof value !== "object" || value === null) return "markdown";
  return !Array.isArray(value) && "_charm_render_type" in value ? "rich_component" : "json";
}

/** An event of the program's own goes on as it came, except the word on the end, which is ours. */
function foreign(event: JsonObject): WireEvent[] {
  const { type } = event;
  if (typeof type !== "string" || type === "internal_run_finished") return [];
  return [{ ...event, type }];
}
