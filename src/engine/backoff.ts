import type { RetryPolicy } from "./program.ts";

/** Milliseconds to wait before try number `next` (2 for the first retry): doubled each time, with full jitter above half. */
export function delayBeforeTry(next: number, policy: RetryPolicy, random: () => number = Math.random): number {
  const full = Math.min(policy.maxMs, policy.initialMs * 2 ** (next - 2));
  return Math.round(full / 2 + (full / 2) * random());
}

/** Resolves after the time, or throws the signal's reason as soon as it aborts. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error);
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal.addEventListener("abort", stop, { once: true });
  });
}
