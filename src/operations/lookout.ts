/** After a look that failed. */
const retryMs = 1000;

export interface LookoutOptions {
  /**
   * Looks for work and does it.
   *
   * @param signal aborted when the lookout is given up; what is under way may then come to its end, and is waited for
   * @returns in how many milliseconds to look again without being woken; undefined: not at all
   */
  look: (signal: AbortSignal) => Promise<number | undefined>;
  /** A look failed; the next one is in `retryMs`, or when somebody wakes. */
  onFailed: (error: unknown) => void;
  /** In milliseconds. Default one second. */
  retryMs?: number;
}

/**
 * Looks for work when it is woken and when its time has come: one look at a time, however many call, and none of the calls
 * is lost.
 *
 * It sleeps until `wake` or the timer. While a look is under way, calls come to one more look after it. Given up, it looks no
 * more.
 */
export class Lookout implements AsyncDisposable {
  readonly #options: LookoutOptions;
  readonly #closing = new AbortController();
  #looking: Promise<void> | undefined;
  #woken = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LookoutOptions) {
    this.#options = options;
  }

  /** Looks soon. */
  wake(): void {
    if (this.#closing.signal.aborted) return;
    clearTimeout(this.#timer);
    this.#woken = true;
    this.#looking ??= this.#run();
  }

  /** Looks after `delayMs`, if nobody wakes it before. */
  wakeIn(delayMs: number): void {
    if (this.#closing.signal.aborted) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.wake(), delayMs);
    this.#timer.unref();
  }

  /** Resolves when nothing is under way: every call before this one has had its look. */
  async settled(): Promise<void> {
    await this.#looking;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    clearTimeout(this.#timer);
    await this.#looking;
  }

  async #run(): Promise<void> {
    while (this.#woken && !this.#closing.signal.aborted) {
      this.#woken = false;
      const restMs = await this.#look();
      if (restMs !== undefined && !this.#woken) this.wakeIn(restMs);
    }
    // In the same turn as the last check of `#woken`: whoever wakes from here on starts the next run.
    this.#looking = undefined;
  }

  async #look(): Promise<number | undefined> {
    try {
      return await this.#options.look(this.#closing.signal);
    } catch (error) {
      this.#options.onFailed(error);
      return this.#options.retryMs ?? retryMs;
    }
  }
}
