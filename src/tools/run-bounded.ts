import { types } from "node:util";
import { createContext, Script } from "node:vm";

const script = new Script("hold.work()");
const hold: { work: () => void } = { work: () => {} };
const context = createContext({ hold });

/**
 * Runs synchronous code that somebody else's input may make arbitrarily slow, and ends it after `timeoutMs`. The event
 * loop stands still meanwhile, so keep it short. What the code was changing is left half changed when it is ended: let it
 * work on values of its own. The watch costs 0.15 ms a call (measured with Node 24 on 2 shared cores).
 *
 * This is a bound on time only, not a sandbox: `work` is our code.
 *
 * @returns the result, or undefined when the time was up
 * @throws what `work` throws
 */
export function runBounded<T>(work: () => T, timeoutMs: number): { value: T } | undefined {
  let outcome: { value: T } | undefined;
  hold.work = () => {
    outcome = { value: work() };
  };
  try {
    script.runInContext(context, { timeout: timeoutMs });
  } catch (error) {
    if (isTimeout(error)) return undefined;
    throw error;
  } finally {
    hold.work = () => {};
  }
  return outcome;
}

function isTimeout(error: unknown): boolean {
  // Made in the other context, where Error is another class.
  return types.isNativeError(error) && "code" in error && error.code === "ERR_SCRIPT_EXECUTION_TIMEOUT";
}
