import { RunyardError } from "../contract/errors.ts";
import type { JsonObject } from "../contract/json.ts";

const maxProfileBytes = 64 * 1024;

/** @throws `unprocessable` when a profile is larger than what is kept of a user */
export function checkProfile(profile: JsonObject): void {
  const bytes = Buffer.byteLength(JSON.stringify(profile));
  if (bytes <= maxProfileBytes) return;
  throw new RunyardError("unprocessable", `A user's fields may have ${maxProfileBytes} bytes as JSON; these ${bytes}.`);
}
