import type { DomainEvent, EventType, StoredEvent } from "../contract/events.ts";
import type { Id } from "../contract/ids.ts";
import type { Following, LogReader } from "../contract/log.ts";
import type { Database } from "../store/database.ts";
import type { Row } from "../store/statement.ts";
import { LogFollower, type LogRange, type LogSource } from "./log-follower.ts";
import { LogPages } from "./log-pages.ts";
import { LogTail } from "./log-tail.ts";
import type { EngineQueries } from "./queries.ts";

/**
 * Shows logs to whoever follows them. Every reader, early, late or resumed, goes through `follow` and gets the same rows.
 * Publishing happens after the commit, so nothing is seen that is not stored.
 */
export class EventFeed {
  readonly #sources = new Map<Id, LogSource>();
  readonly #pages: LogPages;

  constructor({ database, queries }: { database: Database; queries: EngineQueries }) {
    this.#pages = new LogPages(async (id, after, limit) => {
      const rows = await database.read(queries.eventsAfter({ id, after, limit }));
      return { events: rows.map(readEvent), bytes: rows.reduce((sum, row) => sum + String(row["body"]).length, 0) };
    });
  }

  /** Keeps the log's newest events in memory until `release`. */
  hold(executionId: Id): void {
    this.#sourceOf(executionId).tail.hold();
  }

  release(executionId: Id): void {
    this.#sources.get(executionId)?.tail.release();
  }

  /** Hands committed events of one log to whoever follows it. */
  publish(events: readonly StoredEvent[]): void {
    const first = events[0];
    if (first !== undefined) this.#sources.get(first.executionId)?.tail.publish(events);
  }

  /** Hands the log to a reader, from behind the number `after` to the terminal event, or to one that `endsAt` names. */
  follow(executionId: Id, range: LogRange, reader: LogReader): Following {
    return new LogFollower(this.#sourceOf(executionId), range, reader);
  }

  #sourceOf(executionId: Id): LogSource {
    const known = this.#sources.get(executionId);
    if (known !== undefined) return known;
    const source: LogSource = {
      tail: new LogTail(() => this.#sources.delete(executionId)),
      readPage: (after, limit) => this.#pages.read(executionId, after, limit),
    };
    this.#sources.set(executionId, source);
    return source;
  }
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
