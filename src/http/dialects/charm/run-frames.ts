import type { WireEvent } from "./render-event.ts";

/**
 * Frames of these events: one line `data: ` with JSON and a blank line each, nothing else. Readers cut the stream into
 * lines, some also at characters that JSON does not escape by itself.
 */
export function framesOf(events: readonly WireEvent[]): string {
  let frames = "";
  for (const event of events) frames += `data: ${escapeLines(JSON.stringify(event))}\n\n`;
  return frames;
}

function escapeLines(json: string): string {
  return /[\u0085\u2028\u2029]/.test(json)
    ? json.replaceAll(/[\u0085\u2028\u2029]/g, (end) => `\\u${end.charCodeAt(0).toString(16).padStart(4, "0")}`)
    : json;
}

/** Sent while nothing else is, so that nobody on the way takes the stream for dead. It is no event of the run. */
export const thinkingHeartbeat = {
  frame: Buffer.from(framesOf([{ type: "thinking", content: "..." }])),
  everyMs: 5000,
};
