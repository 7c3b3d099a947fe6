import type { StoredEvent } from "../../contract/events.ts";
import type { Following, Log, LogReader } from "../../contract/log.ts";

/** A log for one reader, that grows by hand and ends when it is told to. */
export class GrowingLog implements Log {
  /** How many events the reader has taken. */
  taken = 0;
  /** Whether the reader is still there. */
  isFollowed = false;
  readonly #events: StoredEvent[] = [];
  #ended = false;
  #paused = true;
  #reader: LogReader | undefined;

  constructor(events: readonly StoredEvent[] = []) {
    this.#events.push(...events);
  }

  push(...events: readonly StoredEvent[]): void {
    this.#events.push(...events);
    this.#offer();
  }

  end(): void {
    this.#ended = true;
    this.#offer();
  }

  follow(reader: LogReader): Following {
    this.isFollowed = true;
    this.#reader = reader;
    return {
      resume: () => {
        this.#paused = false;
        this.#offer();
      },
      stop: () => {
        this.isFollowed = false;
      },
    };
  }

  #offer(): void {
    if (this.#paused || !this.isFollowed) return;
    try {
      const rest = this.#events.slice(this.taken);
      const taken = rest.length === 0 ? 0 : (this.#reader?.take(rest) ?? 0);
      this.taken += taken;
      this.#paused = taken < rest.length;
      if (this.#paused || !this.#ended) return;
      this.isFollowed = false;
      this.#reader?.end(this.#events.at(-1));
    } catch (error) {
      this.#reader?.fail(error);
    }
  }
}
