import { isTerminalEvent, type StoredEvent } from "../contract/events.ts";
import type { Following, LogReader } from "../contract/log.ts";
import { firstPageEvents, type LogPage } from "./log-pages.ts";
import type { LogTail } from "./log-tail.ts";

/** The log that is followed. */
export interface LogSource {
  tail: LogTail;
  readPage(after: number, limit: number): Promise<LogPage>;
}

/** Where in a log to begin and to end. */
export interface LogRange {
  /** The number behind which it begins. */
  after: number;
  /** Whether it ends with this event already, and not with the log. */
  endsAt?: (event: StoredEvent) => boolean;
}

/**
 * Takes one reader through a log: catch up from the database, cut over, then live.
 *
 * It is `paused` before the first `resume` and after the reader left something, `busy` while events are offered or a page
 * is on its way, `waiting` when the reader has all there is, and `stopped` at the end, after a fault and when the reader is
 * gone. What a reader left is not kept for it: it is in the tail still, or in a page that is known, or read again.
 */
export class LogFollower implements Following {
  readonly #source: LogSource;
  readonly #reader: LogReader;
  readonly #endsAt: LogRange["endsAt"];
  #after: number;
  #pageEvents = firstPageEvents;
  #state: "paused" | "busy" | "waiting" | "stopped" = "paused";
  /** The database had nothing more once there was a tail to keep what comes. */
  #isLive = false;

  constructor(source: LogSource, range: LogRange, reader: LogReader) {
    this.#source = source;
    this.#after = range.after;
    this.#endsAt = range.endsAt;
    this.#reader = reader;
    source.tail.join(this);
  }

  resume(): void {
    if (this.#state === "paused") this.#advance();
  }

  /** Something was published. */
  wake(): void {
    if (this.#state === "waiting") this.#advance();
  }

  stop(): void {
    if (this.#state === "stopped") return;
    this.#state = "stopped";
    this.#source.tail.leave(this);
  }

  #advance(): void {
    this.#state = "busy";
    try {
      for (;;) {
        const events = this.#source.tail.after(this.#after);
        // Something may have been published before there was a tail to keep it: unless that goes back to the beginning,
        // the database is asked once before the first wait.
        if (events === undefined || (events.length === 0 && !this.#isLive && !this.#source.tail.isWhole)) {
          void this.#readPage();
          return;
        }
        if (events.length === 0) {
          this.#state = "waiting";
          return;
        }
        if (!this.#offer(events)) return;
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  async #readPage(): Promise<void> {
    try {
      const { events, nextEvents } = await this.#source.readPage(this.#after, this.#pageEvents);
      if (this.#isStopped) return;
      this.#pageEvents = nextEvents;
      this.#isLive = events.length === 0;
      if (events.length === 0 || this.#offer(events)) this.#advance();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** @returns whether the reader has taken all of it and there may be more */
  #offer(events: readonly StoredEvent[]): boolean {
    const end = events.findIndex((event) => isTerminalEvent(event) || this.#endsAt?.(event) === true);
    const offered = end < 0 ? events : events.slice(0, end + 1);
    const taken = this.#reader.take(offered);
    this.#after = offered[taken - 1]?.seq ?? this.#after;
    if (this.#isStopped) return false;
    if (taken < offered.length) {
      this.#state = "paused";
      return false;
    }
    if (end < 0) return true;
    this.stop();
    this.#reader.end(offered.at(-1));
    return false;
  }

  #fail(error: unknown): void {
    if (this.#isStopped) return;
    this.stop();
    this.#reader.fail(error);
  }

  get #isStopped(): boolean {
    return this.#state === "stopped";
  }
}
