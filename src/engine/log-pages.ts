import type { StoredEvent } from "../contract/events.ts";
import type { Id } from "../contract/ids.ts";

/** Part of a log as the database has it. */
export interface LogPage {
  events: readonly StoredEvent[];
  /** How many events like these make a page. */
  nextEvents: number;
}

/** Reads up to `limit` events above `after`. @returns `bytes`: how long their bodies are together */
export type ReadEvents = (
  executionId: Id,
  after: number,
  limit: number,
) => Promise<{ events: readonly StoredEvent[]; bytes: number }>;

/** A page for as long as somebody holds it. */
interface KnownPage {
  executionId: Id;
  firstSeq: number;
  lastSeq: number;
  events: WeakRef<readonly StoredEvent[]>;
  nextEvents: number;
}

/** What a reader that catches up is offered at once is bounded by what its events are long. */
const pageBytes = 128 * 1024;
export const firstPageEvents = 100;
const maxPageEvents = 500;
const maxKnownPages = 64;

/**
 * Reads logs page by page. The last pages are known until they are collected, and one on its way is waited for: readers
 * that come by together, or one soon after the other, get the same one.
 */
export class LogPages {
  readonly #readEvents: ReadEvents;
  readonly #known: KnownPage[] = [];
  readonly #reading = new Map<string, Promise<LogPage>>();

  constructor(readEvents: ReadEvents) {
    this.#readEvents = readEvents;
  }

  /** The next events above `after` that are stored, none when there are no more; `limit` of them unless they are known. */
  async read(executionId: Id, after: number, limit: number): Promise<LogPage> {
    const known = this.#find(executionId, after);
    if (known !== undefined) return known;
    const name = `${executionId} ${after}`;
    const underWay = this.#reading.get(name);
    if (underWay !== undefined) {
      const page = await underWay;
      // Empty: there was nothing more when that reading began, but perhaps there is now.
      if (page.events.length > 0) return page;
    }
    const reading = this.#read(executionId, after, limit);
    this.#reading.set(name, reading);
    try {
      return await reading;
    } finally {
      this.#reading.delete(name);
    }
  }

  async #read(executionId: Id, after: number, limit: number): Promise<LogPage> {
    const { events, bytes } = await this.#readEvents(executionId, after, limit);
    const [first, last] = [events[0], events.at(-1)];
    if (first === undefined || last === undefined) return { events, nextEvents: firstPageEvents };
    // Not many more at once than now, for the next ones may be longer.
    const fitting = Math.floor((pageBytes * events.length) / bytes);
    const nextEvents = Math.max(1, Math.min(fitting, 4 * events.length, maxPageEvents));
    if (this.#known.length >= maxKnownPages) this.#known.shift();
    const range = { executionId, firstSeq: first.seq, lastSeq: last.seq };
    this.#known.push({ ...range, events: new WeakRef(events), nextEvents });
    return { events, nextEvents };
  }

  #find(executionId: Id, after: number): LogPage | undefined {
    for (const page of this.#known) {
      if (after + 1 < page.firstSeq || after >= page.lastSeq || page.executionId !== executionId) continue;
      const events = page.events.deref();
      if (events !== undefined) return { events: events.slice(after + 1 - page.firstSeq), nextEvents: page.nextEvents };
    }
    return undefined;
  }
}
