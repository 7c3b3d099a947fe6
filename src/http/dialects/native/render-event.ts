import { RunyardError } from "../../../contract/errors.ts";
import { isTerminalEvent, type StoredEvent } from "../../../contract/events.ts";
import type { Execution } from "../../../contract/execution.ts";
import { spellId } from "../../../contract/ids.ts";
import { FrameCache } from "../../frame-cache.ts";
import { sseFrame } from "../../sse-frame.ts";
import { errorType, wireCode } from "./render-error.ts";
import { renderOutput, renderUsage, spellOptional, wireStatus } from "./render-execution.ts";
import type { StreamEvent } from "./schemas/event.ts";
import { renderTime } from "./time.ts";

/** What frames need of the execution beside its events; the same for all its readers. */
export type EventContext = Pick<Execution, "id" | "agentId" | "conversationId" | "createdAt">;

/** All frames. */
export const frames = new FrameCache<EventContext>((event, context) => renderFrame(event, context));

/** For clients that refuse types they do not know: the six documented types alone. Numbers stay as they are. */
export const strictFrames = new FrameCache<EventContext>((event, context) => {
  return event.type === "execution-queued" || event.type === "tool-call-required"
    ? undefined
    : renderFrame(event, context);
});

/**
 * The frame of one event. Its id is the event's number in the log. The log also holds events that this wire does not
 * show, so the numbers of a stream begin with 1, grow, and may skip; a cursor is any number that was seen.
 *
 * The last frame, `done` or `error`, is made from the whole execution by `renderEnd`.
 */
function renderFrame(event: StoredEvent, context: EventContext): string | undefined {
  const data = renderEvent(event, context);
  return data === undefined ? undefined : sseFrame({ id: event.seq, data: JSON.stringify(data) });
}

export function renderEvent(event: StoredEvent, context: EventContext): StreamEvent | undefined {
  switch (event.type) {
    case "execution-queued":
      return {
        type: "execution_start",
        executionId: spellId("execution", context.id),
        agentId: spellOptional("agent", context.agentId),
        conversationId: spellOptional("conversation", context.conversationId),
        createdAt: renderTime(context.createdAt),
      };
    case "text-delta":
      return event.body.text === "" ? undefined : { type: "text_delta", text: event.body.text };
    case "reasoning-delta":
      return event.body.text === "" ? undefined : { type: "thinking", text: event.body.text };
    case "tool-call-started":
      return {
        type: "tool_call_start",
        id: spellId("toolCall", event.body.callId),
        name: event.body.name,
        parameters: event.body.input,
      };
    case "tool-call-finished":
      return {
        type: "tool_call_end",
        id: spellId("toolCall", event.body.callId),
        name: event.body.name,
        result: event.body.error === undefined ? event.body.output : null,
        duration: event.body.durationMs,
        ...(event.body.error !== undefined && {
          error: { code: wireCode(event.body.error.code), message: event.body.error.message },
        }),
      };
    case "tool-call-required":
      return {
        type: "tool_call_required",
        id: spellId("toolCall", event.body.callId),
        name: event.body.name,
        parameters: event.body.input,
      };
    default:
      return undefined;
  }
}

/**
 * The last frame of a stream that ended by itself: after the execution's end, or where it waits for tool results.
 *
 * @param last the last event that was read; undefined when the reader had seen everything before
 */
export function renderEnd(execution: Execution, last: StoredEvent | undefined, requestId: string): string | undefined {
  if (last === undefined) return undefined;
  return sseFrame({ id: last.seq, data: JSON.stringify(endOf(execution, last, requestId)) });
}

function endOf(execution: Execution, last: StoredEvent, requestId: string): StreamEvent {
  const usage = renderUsage(execution.usage);
  const executionId = spellId("execution", execution.id);
  if (last.type === "execution-failed") {
    const { code, message } = last.body.error;
    return { type: "error", message, code: wireCode(code), errorType: errorType(code), requestId, executionId, usage };
  }
  return {
    type: "done",
    executionId,
    conversationId: spellOptional("conversation", execution.conversationId),
    status: isTerminalEvent(last) ? endStatus(last) : "requires_action",
    output: renderOutput(execution.output),
    usage,
    timing: execution.timing,
  };
}

function endStatus(last: StoredEvent): "completed" | "cancelled" {
  return last.type === "execution-cancelled" ? "cancelled" : "completed";
}

/** The HTTP error that a failed execution answers a caller with who waited for it. */
export function failureOf(execution: Execution): RunyardError | undefined {
  if (wireStatus(execution) !== "failed") return undefined;
  const { code, message } = execution.error ?? { code: "internal_error" as const, message: "The execution failed." };
  return new RunyardError(code, message, { executionId: execution.id });
}
