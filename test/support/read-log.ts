import type { EventType, StoredEvent } from "../../src/contract/events.ts";

export function typesOf(log: readonly StoredEvent[]): EventType[] {
  return log.map(({ type }) => type);
}

/** The text that the deltas of one type add up to. */
export function joinedText(log: readonly StoredEvent[], type: "text-delta" | "reasoning-delta" = "text-delta"): string {
  let text = "";
  for (const event of log) {
    if (event.type === type && "text" in event.body) text += event.body.text;
  }
  return text;
}
