import type { StoredEvent } from "../contract/events.ts";
import { toolResultsWait } from "../contract/tool.ts";

/** Whether an execution begins to wait for tool results of its caller with this event. */
export function pausesForClient(event: StoredEvent): boolean {
  return event.type === "wait-started" && event.body.name === toolResultsWait;
}
