import { createHmac } from "node:crypto";

/**
 * Signs what we send to somebody's endpoint, so that it can tell us from others: HMAC-SHA256 with the shared secret over
 * the timestamp, a dot and the raw body. A new try of the same payload is signed anew, with its own timestamp.
 *
 * @param secret used as the literal text, its prefix included
 * @param timestampSeconds Unix seconds; sent along, so that the receiver can refuse what is older than five minutes
 * @param rawBody the exact bytes that go out
 * @returns the header value `sha256=` and 64 lower-case hex digits
 */
export function signPayload(secret: string, timestampSeconds: number, rawBody: string | Uint8Array): string {
  const hmac = createHmac("sha256", secret).update(`${timestampSeconds}.`).update(rawBody);
  return `sha256=${hmac.digest("hex")}`;
}
