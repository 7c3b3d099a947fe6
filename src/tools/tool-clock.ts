import { setTimeout as sleep } from "node:timers/promises";

/** Time as tools see it; a test passes its own. */
export interface ToolClock {
  /** Epoch milliseconds. */
  now(): number;
  /**
   * Resolves after `ms` milliseconds.
   * @throws when `signal` aborts first
   */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** At least 0, less than 1; spreads retries. */
  random(): number;
}

export const systemClock: ToolClock = {
  now: () => Date.now(),
  sleep: async (ms, signal) => {
    await sleep(ms, undefined, { signal });
  },
  random: () => Math.random(),
};
