import type { StoredEvent } from "../contract/events.ts";

/** The wait in which an execution stands while its caller runs tools; programs and operations agree on the name. */
export const toolResultsWait = "tool-results";

export function pausesForClient(event: StoredEvent): boolean {
  return event.type === "wait-started" && event.body.name === toolResultsWait;
}
