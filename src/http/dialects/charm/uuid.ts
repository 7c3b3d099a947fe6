import type { Id } from "../../../contract/ids.ts";

/** Ids that we give are spelled as plain UUIDs; undefined for any other text. */
export function readUuid(text: string): Id | undefined {
  return uuidPattern.test(text) ? text.toLowerCase() : undefined;
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;
