import type { DomainEvent, StoredEvent } from "../contract/events.ts";

/** The types of event that tell which tool calls are open. */
export const callEventTypes = ["tool-call-started", "tool-call-required", "tool-call-finished"] as const;

/**
 * The ends of the calls that are still open when their execution is cancelled from outside of an attempt, so that whoever
 * reads the log sees each of them end.
 *
 * @param log events of at least `callEventTypes`, in their order
 * @param at when the execution ends, in epoch milliseconds
 */
export function endOpenCalls(log: readonly StoredEvent[], at: number): DomainEvent[] {
  const open = new Map<string, { name: string; startedAt: number }>();
  for (const event of log) {
    if (event.type === "tool-call-finished") open.delete(event.body.callId);
    else if (event.type === "tool-call-started" || event.type === "tool-call-required") {
      const { callId, name } = event.body;
      // One that a crash interrupted is started again under the same id.
      if (!open.has(callId)) open.set(callId, { name, startedAt: event.at });
    }
  }
  return [...open].map(([callId, { name, startedAt }]) => ({
    type: "tool-call-finished",
    body: { callId, name, output: null, error: unanswered, durationMs: Math.max(0, at - startedAt) },
  }));
}

const unanswered = { code: "cancelled", message: "The execution ended before this call did." } as const;
