const firstMs = 500;
const longestMs = 20_000;
/** A provider that asks for more is asked again after this all the same; the limits of the call end it. */
const longestAskedMs = 60_000;

/**
 * How long to wait after a failed try, in milliseconds: 0.5 s, 1 s, 2 s, … up to 20 s, of which the second half is left to
 * chance so that many callers do not come back together. What the provider asks for is the least.
 *
 * @param failedTry from 1
 * @param random from 0 up to 1
 */
export function retryDelay(failedTry: number, retryAfterMs: number | undefined, random: number): number {
  const grown = Math.min(longestMs, firstMs * 2 ** (failedTry - 1));
  const chosen = Math.round((grown / 2) * (1 + random));
  return Math.max(chosen, Math.min(retryAfterMs ?? 0, longestAskedMs));
}
