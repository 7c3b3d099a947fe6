import type { DomainEvent, EventType, StoredEvent } from "../contract/events.ts";
import { isTerminalEvent } from "../contract/events.ts";
import type { Id } from "../contract/ids.ts";
import type { Database } from "../store/database.ts";
import type { Row } from "../store/statement.ts";
import type { EngineQueries } from "./queries.ts";

/** Newest events of one log, kept while an attempt runs here or someone reads, so that live readers share them. */
interface Tail {
  events: StoredEvent[];
  bytes: number;
  readers: Set<() => void>;
  /** An attempt of this process writes the log. */
  held: boolean;
  /** By the number before them. */
  pages: Map<number, Page>;
}

/** What was read from the database, for other readers that come by while somebody still holds it. */
interface Page {
  events: WeakRef<readonly StoredEvent[]>;
  /** How many events to ask for next. */
  nextEvents: number;
}

const maxTailEvents = 1024;
const maxTailBytes = 256 * 1024;
/** A page of the log: a reader that has stopped reading holds one, so it is bounded by what its events are long. */
const pageBytes = 128 * 1024;
const firstPageEvents = 100;
const maxPageEvents = 500;
const maxKnownPages = 64;

/**
 * Reads logs by cursor: catch up from the database, cut over, then live. Every reader, early, late or resumed, goes
 * through `read` and gets the same rows. Publishing happens after the commit, so nothing is seen that is not stored.
 */
export class EventFeed {
  readonly #database: Database;
  readonly #queries: EngineQueries;
  readonly #tails = new Map<Id, Tail>();

  constructor(options: { database: Database; queries: EngineQueries }) {
    this.#database = options.database;
    this.#queries = options.queries;
  }

  /** Keeps the log's newest events in memory until `release`. */
  hold(executionId: Id): void {
    this.#tailOf(executionId).held = true;
  }

  release(executionId: Id): void {
    const tail = this.#tails.get(executionId);
    if (tail === undefined) return;
    tail.held = false;
    this.#dropWhenUnused(executionId, tail);
  }

  /** Hands committed events to whoever reads. */
  publish(events: readonly StoredEvent[]): void {
    const first = events[0];
    if (first === undefined) return;
    const tail = this.#tails.get(first.executionId);
    if (tail === undefined) return;
    const newest = tail.events.at(-1)?.seq;
    // Commits of two connections can be reported in another order than they happened; the later one made readers look.
    if (newest !== undefined && first.seq <= newest) return;
    // A hole: begin again after it, readers fill up from the database.
    if (newest !== undefined && first.seq !== newest + 1) {
      tail.events = [];
      tail.bytes = 0;
    }
    for (const event of events) {
      tail.events.push(event);
      tail.bytes += sizeOf(event);
    }
    if (tail.events.length > maxTailEvents || tail.bytes > maxTailBytes) {
      const kept = tail.events.slice(-Math.max(events.length, maxTailEvents / 2));
      tail.events = kept;
      tail.bytes = kept.reduce((sum, event) => sum + sizeOf(event), 0);
    }
    for (const wake of tail.readers) wake();
  }

  /**
   * The events numbered above `after`, in batches, until the terminal one, or until `signal` aborts. `endAt` ends it
   * sooner, after the batch that holds such an event.
   */
  async *read(
    executionId: Id,
    options: { after: number; signal: AbortSignal; endAt?: (event: StoredEvent) => boolean },
  ): AsyncGenerator<readonly StoredEvent[], void, undefined> {
    const { signal, endAt } = options;
    let after = options.after;
    let pageEvents = firstPageEvents;
    let wake: (() => void) | undefined;
    let isLive = false;
    const ring = () => wake?.();
    const tail = this.#tailOf(executionId);
    tail.readers.add(ring);
    signal.addEventListener("abort", ring);
    try {
      while (!signal.aborted) {
        let batch: readonly StoredEvent[] | undefined = fromTail(tail, after);
        // Something may have been published before there was a tail to keep it: unless that goes back to the beginning,
        // the database is asked once before the first wait.
        if (batch === undefined || (batch.length === 0 && !isLive && tail.events[0]?.seq !== 1)) {
          [batch, pageEvents] = await this.#page(executionId, tail, after, pageEvents);
          isLive = batch.length === 0;
        }
        if (batch.length > 0) {
          const end = batch.findIndex((event) => isTerminalEvent(event) || endAt?.(event) === true);
          const delivered = end < 0 ? batch : batch.slice(0, end + 1);
          after = (delivered.at(-1) as StoredEvent).seq;
          yield delivered;
          if (end >= 0) return;
          continue;
        }
        const newest = tail.events.at(-1);
        if (newest !== undefined && newest.seq > after) continue; // came while the page was read
        await new Promise<void>((resolve) => {
          wake = resolve;
          // Between the check above and here nothing else ran, so no event can have been missed.
          if (signal.aborted) resolve();
        });
      }
    } finally {
      signal.removeEventListener("abort", ring);
      tail.readers.delete(ring);
      this.#dropWhenUnused(executionId, tail);
    }
  }

  /** Up to `limit` events, and how many to ask for next. */
  async #page(executionId: Id, tail: Tail, after: number, limit: number): Promise<[readonly StoredEvent[], number]> {
    const known = tail.pages.get(after);
    const shared = known?.events.deref();
    if (known !== undefined && shared !== undefined) return [shared, known.nextEvents];
    const rows = await this.#database.read(this.#queries.eventsAfter({ id: executionId, after, limit }));
    if (rows.length === 0) return [[], firstPageEvents];
    const events = rows.map(readEvent);
    const nextEvents = nextPageEvents(rows);
    if (tail.pages.size >= maxKnownPages) tail.pages.clear();
    tail.pages.set(after, { events: new WeakRef(events), nextEvents });
    return [events, nextEvents];
  }

  #tailOf(executionId: Id): Tail {
    let tail = this.#tails.get(executionId);
    if (tail === undefined) {
      tail = { events: [], bytes: 0, readers: new Set(), held: false, pages: new Map() };
      this.#tails.set(executionId, tail);
    }
    return tail;
  }

  #dropWhenUnused(executionId: Id, tail: Tail): void {
    if (!tail.held && tail.readers.size === 0 && this.#tails.get(executionId) === tail) this.#tails.delete(executionId);
  }
}

/** What the tail has above `after`; undefined when it begins later than that, so that the database must be asked. */
function fromTail(tail: Tail, after: number): StoredEvent[] | undefined {
  const first = tail.events[0];
  if (first === undefined || first.seq > after + 1) return undefined;
  return after + 1 - first.seq < tail.events.length ? tail.events.slice(after + 1 - first.seq) : [];
}

/** How many events like these make a page; not many more at once, for the next ones may be longer. */
function nextPageEvents(rows: readonly Row[]): number {
  const bytes = rows.reduce((sum, row) => sum + String(row["body"]).length, 0);
  const fitting = Math.floor((pageBytes * rows.length) / bytes);
  return Math.max(1, Math.min(fitting, 4 * rows.length, maxPageEvents));
}

function sizeOf(event: StoredEvent): number {
  return event.type === "text-delta" || event.type === "reasoning-delta" ? 96 + event.body.text.length : 256;
}

/** The event of a row. Bodies were typed when they were written, by this release or an older one. */
export function readEvent(row: Row): StoredEvent {
  // Fields in the same order as where events are made, so that they also look the same written out.
  return {
    type: row["type"] as EventType,
    body: JSON.parse(row["body"] as string) as DomainEvent["body"],
    executionId: row["execution_id"] as string,
    seq: row["seq"] as number,
    attempt: row["attempt"] as number,
    step: row["step"] as number,
    at: row["at"] as number,
  } as StoredEvent;
}
