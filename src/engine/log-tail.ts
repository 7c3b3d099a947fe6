import type { StoredEvent } from "../contract/events.ts";

/** Part of a log as the database has it. */
export interface LogPage {
  events: readonly StoredEvent[];
  /** How long their bodies are together. */
  bytes: number;
}

export interface LogTailOptions {
  /** Reads up to `limit` events above `after` from the database. */
  readPage(after: number, limit: number): Promise<LogPage>;
  /** Nobody writes or follows the log here any more. */
  onUnused(): void;
}

/** A page for as long as somebody holds it. */
interface KnownPage {
  firstSeq: number;
  lastSeq: number;
  events: WeakRef<readonly StoredEvent[]>;
}

const maxTailEvents = 1024;
const maxTailBytes = 256 * 1024;
/** What a reader that catches up is offered at once is bounded by what its events are long. */
const pageBytes = 128 * 1024;
const firstPageEvents = 100;
const maxPageEvents = 500;
const maxKnownPages = 64;

/**
 * The newest events of one log, kept while an attempt runs here or someone follows it, so that live readers share them,
 * and the way to its older ones: a page that was read is known until it is collected, for readers that come by.
 */
export class LogTail {
  readonly #options: LogTailOptions;
  readonly #followers = new Set<{ wake(): void }>();
  #isHeld = false;
  #events: StoredEvent[] = [];
  #bytes = 0;
  #pages: KnownPage[] = [];
  #reading: { seq: number; page: Promise<readonly StoredEvent[]> } | undefined;
  #pageEvents = firstPageEvents;

  constructor(options: LogTailOptions) {
    this.#options = options;
  }

  /** An attempt of this process writes the log, until `release`. */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    this.#tellWhenUnused();
  }

  /** Has the follower woken when something is published, until `leave`. */
  join(follower: { wake(): void }): void {
    this.#followers.add(follower);
  }

  leave(follower: { wake(): void }): void {
    this.#followers.delete(follower);
    this.#tellWhenUnused();
  }

  publish(events: readonly StoredEvent[]): void {
    const first = events[0];
    const newest = this.#events.at(-1)?.seq;
    // Commits of two connections can be reported in another order than they happened; the later one made readers look.
    if (first === undefined || (newest !== undefined && first.seq <= newest)) return;
    // A hole: begin again after it, readers fill up from the database.
    if (newest !== undefined && first.seq !== newest + 1) {
      this.#events = [];
      this.#bytes = 0;
    }
    for (const event of events) {
      this.#events.push(event);
      this.#bytes += sizeOf(event);
    }
    if (this.#events.length > maxTailEvents || this.#bytes > maxTailBytes) {
      const kept = this.#events.slice(-Math.max(events.length, maxTailEvents / 2));
      this.#events = kept;
      this.#bytes = kept.reduce((sum, event) => sum + sizeOf(event), 0);
    }
    for (const follower of this.#followers) follower.wake();
  }

  /** Whether it goes back to the log's beginning, so that the database has nothing more. */
  get isWhole(): boolean {
    return this.#events[0]?.seq === 1;
  }

  /** What it has above `seq`; undefined when it begins later than that, so that `readPage` must be asked. */
  after(seq: number): readonly StoredEvent[] | undefined {
    const first = this.#events[0];
    if (first === undefined) return [];
    if (first.seq > seq + 1) return undefined;
    return this.#events.slice(seq + 1 - first.seq);
  }

  /**
   * The next events above `seq` that are stored, about 128 KiB of them; none when there are no more. Who asks for a page
   * that is known or on its way gets the same one.
   */
  async readPage(seq: number): Promise<readonly StoredEvent[]> {
    const known = this.#knownPage(seq);
    if (known !== undefined) return known;
    if (this.#reading?.seq !== seq) this.#reading = { seq, page: this.#read(seq) };
    const { page } = this.#reading;
    try {
      return await page;
    } finally {
      if (this.#reading?.page === page) this.#reading = undefined;
    }
  }

  async #read(seq: number): Promise<readonly StoredEvent[]> {
    const { events, bytes } = await this.#options.readPage(seq, this.#pageEvents);
    const [first, last] = [events[0], events.at(-1)];
    if (first === undefined || last === undefined) return events;
    // Not many more at once than now, for the next ones may be longer.
    const fitting = Math.floor((pageBytes * events.length) / bytes);
    this.#pageEvents = Math.max(1, Math.min(fitting, 4 * events.length, maxPageEvents));
    if (this.#pages.length >= maxKnownPages) this.#pages = [];
    this.#pages.push({ firstSeq: first.seq, lastSeq: last.seq, events: new WeakRef(events) });
    return events;
  }

  #knownPage(seq: number): readonly StoredEvent[] | undefined {
    for (const { firstSeq, lastSeq, events } of this.#pages) {
      if (seq + 1 < firstSeq || seq >= lastSeq) continue;
      const page = events.deref();
      if (page !== undefined) return page.slice(seq + 1 - firstSeq);
    }
    return undefined;
  }

  #tellWhenUnused(): void {
    if (!this.#isHeld && this.#followers.size === 0) this.#options.onUnused();
  }
}

function sizeOf(event: StoredEvent): number {
  return event.type === "text-delta" || event.type === "reasoning-delta" ? 96 + event.body.text.length : 256;
}
