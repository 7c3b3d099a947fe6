/**
 * Callers in the order they came, one inside at a time.
 */
export class CallQueue {
  readonly #waiting: Place[] = [];
  #busy = false;

  /**
   * Yields how many are ahead, at once and whenever that changes, and ends when it is this caller's turn; a free queue
   * yields nothing. Whoever reads it to its end calls `leave` afterwards.
   * @throws the signal's reason when it aborts before
   */
  async *enter(signal: AbortSignal): AsyncIterable<number> {
    signal.throwIfAborted();
    if (!this.#busy) {
      this.#busy = true;
      return;
    }
    const place = new Place();
    let inside = false;
    this.#waiting.push(place);
    const onAbort = (): void => place.news.resolve();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      while (!place.entered) {
        signal.throwIfAborted();
        yield this.#waiting.indexOf(place) + 1;
        await place.news.promise;
        place.news = Promise.withResolvers<void>();
      }
      signal.throwIfAborted();
      inside = true;
    } finally {
      signal.removeEventListener("abort", onAbort);
      // Someone who goes away while waiting leaves no hole; one whose turn came in that moment hands it on.
      if (!inside && place.entered) this.leave();
      else if (!inside) this.#remove(place);
    }
  }

  /** Lets the next one in. */
  leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) {
      this.#busy = false;
      return;
    }
    next.entered = true;
    next.news.resolve();
    for (const place of this.#waiting) place.news.resolve();
  }

  get isFree(): boolean {
    return !this.#busy;
  }

  #remove(place: Place): void {
    const at = this.#waiting.indexOf(place);
    if (at === -1) return;
    this.#waiting.splice(at, 1);
    for (const behind of this.#waiting.slice(at)) behind.news.resolve();
  }
}

/** One who waits. `news` resolves when the turn has come or somebody ahead has left. */
class Place {
  entered = false;
  news = Promise.withResolvers<void>();
}
