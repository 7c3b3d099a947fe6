import { closeSync, fdatasync, fdatasyncSync, openSync } from "node:fs";

/** A sync that takes this long, in milliseconds, is not waited for where requests are served. */
const shortMs = 1;
/** What the newest sync counts for in the mean of the recent ones. */
const newestShare = 0.2;

/** Makes what has been appended to a file durable. */
export class LogSync implements Disposable {
  readonly #path: string;
  readonly #now: () => number;
  #descriptor: number | undefined;
  /** Mean of the recent syncs, in milliseconds; the newest count most. */
  #recentMs = 0;

  /** @param path a file that is there by the first sync, and stays the same one until this is disposed */
  constructor(path: string, now: () => number = () => performance.now()) {
    this.#path = path;
    this.#now = now;
  }

  /** Whether the disk has been quick lately, so that waiting for it holds nobody up. */
  get isShort(): boolean {
    return this.#recentMs < shortMs;
  }

  /**
   * Waits for the disk here and now: a millisecond or less, half of what it costs to have another thread wait.
   * @throws what the disk answered
   */
  inPlace(): void {
    const startedAt = this.#now();
    fdatasyncSync(this.#open());
    this.#note(startedAt);
  }

  /** The same in the thread pool. */
  aside(done: (error: Error | null) => void): void {
    const startedAt = this.#now();
    fdatasync(this.#open(), (error) => {
      this.#note(startedAt);
      done(error);
    });
  }

  [Symbol.dispose](): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
  }

  #open(): number {
    this.#descriptor ??= openSync(this.#path, "r+");
    return this.#descriptor;
  }

  #note(startedAt: number): void {
    this.#recentMs += newestShare * (this.#now() - startedAt - this.#recentMs);
  }
}
