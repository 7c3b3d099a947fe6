import { createHash } from "node:crypto";
import { parse, stringify } from "uuid";
import type { Id } from "../contract/ids.ts";

/**
 * The id of something that is made because of something else, and made again under the same id when a crash makes us
 * repeat ourselves. Keeps the time of `origin`, takes the rest from a hash, and is a UUIDv7 by its form.
 *
 * @param purpose what tells it from other things with the same origin
 * @see https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-7
 */
export function deriveId(origin: Id, ...purpose: readonly string[]): Id {
  const bytes = createHash("sha256")
    .update(JSON.stringify([origin, ...purpose]))
    .digest()
    .subarray(0, 16);
  bytes.set(parse(origin).subarray(0, 6));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return stringify(bytes);
}
