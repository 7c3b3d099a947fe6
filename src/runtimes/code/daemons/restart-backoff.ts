/** All in milliseconds. */
export interface BackoffTimes {
  firstBackoffMs: number;
  lastBackoffMs: number;
  healthyMs: number;
}

/** How long to wait between a crash and the next process: doubled each time, and again the first after a healthy one. */
export class RestartBackoff {
  readonly #times: BackoffTimes;
  #crashes = 0;

  constructor(times: BackoffTimes) {
    this.#times = times;
  }

  /** @param livedMs how long the process that crashed had been up; 0 when it did not come up */
  afterCrash(livedMs: number): number {
    const { firstBackoffMs, lastBackoffMs, healthyMs } = this.#times;
    if (livedMs >= healthyMs) this.#crashes = 0;
    const delayMs = Math.min(lastBackoffMs, firstBackoffMs * 2 ** this.#crashes);
    this.#crashes += 1;
    return delayMs;
  }
}
