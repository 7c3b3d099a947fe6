import type { DomainEvent, EventType, StoredEvent } from "../contract/events.ts";
import type { Id } from "../contract/ids.ts";
import type { Following, LogReader } from "../contract/log.ts";
import type { Database } from "../store/database.ts";
import type { Row } from "../store/statement.ts";
import { LogFollower, type LogRange } from "./log-follower.ts";
import { type LogPage, LogTail } from "./log-tail.ts";
import type { EngineQueries } from "./queries.ts";

/**
 * Shows logs to whoever follows them. Every reader, early, late or resumed, goes through `follow` and gets the same rows.
 * Publishing happens after the commit, so nothing is seen that is not stored.
 */
export class EventFeed {
  readonly #database: Database;
  readonly #queries: EngineQueries;
  readonly #tails = new Map<Id, LogTail>();

  constructor(options: { database: Database; queries: EngineQueries }) {
    this.#database = options.database;
    this.#queries = options.queries;
  }

  /** Keeps the log's newest events in memory until `release`. */
  hold(executionId: Id): void {
    this.#tailOf(executionId).hold();
  }

  release(executionId: Id): void {
    this.#tails.get(executionId)?.release();
  }

  /** Hands committed events of one log to whoever follows it. */
  publish(events: readonly StoredEvent[]): void {
    const first = events[0];
    if (first !== undefined) this.#tails.get(first.executionId)?.publish(events);
  }

  /** Hands the log to a reader, from behind the number `after` to the terminal event, or to one that `endsAt` names. */
  follow(executionId: Id, range: LogRange, reader: LogReader): Following {
    return new LogFollower(this.#tailOf(executionId), range, reader);
  }

  #tailOf(executionId: Id): LogTail {
    const known = this.#tails.get(executionId);
    if (known !== undefined) return known;
    const tail = new LogTail({
      readPage: (after, limit) => this.#readPage(executionId, after, limit),
      onUnused: () => this.#tails.delete(executionId),
    });
    this.#tails.set(executionId, tail);
    return tail;
  }

  async #readPage(executionId: Id, after: number, limit: number): Promise<LogPage> {
    const rows = await this.#database.read(this.#queries.eventsAfter({ id: executionId, after, limit }));
    return { events: rows.map(readEvent), bytes: rows.reduce((sum, row) => sum + String(row["body"]).length, 0) };
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
