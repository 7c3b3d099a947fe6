const initialMs = 250;
const maxMs = 10_000;
/** A handler that asks for more patience than this gets no further try: the model can decide better what to do. */
const maxRetryAfterMs = 30_000;

/**
 * How long to wait after a failed try, in milliseconds: doubled each time, the upper half at random so that callers that
 * failed together do not come back together, and never less than the other end asked for.
 *
 * @param attempt the try that failed, from 1
 * @param retryAfterMs what the other end asked for
 * @param random at least 0, less than 1
 * @returns undefined when the other end asks for so long that a try is pointless
 */
export function retryDelayMs(attempt: number, retryAfterMs: number | undefined, random: number): number | undefined {
  if (retryAfterMs !== undefined && retryAfterMs > maxRetryAfterMs) return undefined;
  const step = Math.min(maxMs, initialMs * 2 ** (attempt - 1));
  const delayMs = step / 2 + (step / 2) * random;
  return Math.max(Math.round(delayMs), retryAfterMs ?? 0);
}
