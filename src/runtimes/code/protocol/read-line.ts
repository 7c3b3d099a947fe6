import type { JsonObject } from "../../../contract/json.ts";

/** What a line of output is. */
export type ReadLine =
  | { kind: "event"; event: JsonObject & { type: string } }
  /** Plain text, without colours; not blank. */
  | { kind: "text"; text: string }
  /** Nothing to show: blank, or marked as an event without being one. */
  | { kind: "nothing" };

const prefixes = ["__CHARM_EVENT__", "::CHARM_EVENT::"];

/** Both prefixes begin with a character of their own, so one search each tells nearly all lines apart. */
export function eventText(line: string): string | undefined {
  let from = -1;
  let text: string | undefined;
  for (const prefix of prefixes) {
    const at = line.indexOf(prefix);
    if (at < 0 || (from >= 0 && at > from)) continue;
    from = at;
    text = line.slice(at + prefix.length);
  }
  return text;
}

/**
 * Reads one line by the event protocol: a prefix anywhere in it, then JSON up to its end; an event without a `type`, or with
 * JSON that cannot be read, is none.
 */
export function readLine(line: string): ReadLine {
  const json = eventText(line);
  if (json === undefined) {
    const text = plainText(line);
    return text.trim() === "" ? { kind: "nothing" } : { kind: "text", text };
  }
  const event = parseEvent(json);
  return event === undefined ? { kind: "nothing" } : { kind: "event", event };
}

function parseEvent(text: string): (JsonObject & { type: string }) | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return undefined;
  const type: unknown = Reflect.get(parsed, "type");
  // What JSON.parse gives is JSON; going through all of it once more would cost as much as parsing.
  return typeof type === "string" ? Object.assign(parsed, { type }) : undefined;
}

/** Colours, cursor movements and window titles, as terminals understand them. */
// oxlint-disable-next-line no-control-regex
const escapes = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[ -/]*[0-~])/g;

function plainText(line: string): string {
  const text = line.includes("\u001b") ? line.replaceAll(escapes, "") : line;
  return text.endsWith("\r") ? text.slice(0, -1) : text;
}
