import type { DomainEvent, EventOf } from "../contract/events.ts";
import { isTerminalEvent } from "../contract/events.ts";
import type { Id } from "../contract/ids.ts";
import type { Json } from "../contract/json.ts";
import type { Row, Statement, UnitResult } from "../store/statement.ts";
import type { ExecutionFacts } from "./hooks.ts";
import type { EngineQueries } from "./queries.ts";

/** An execution that has just got a signal. */
export interface SignalledExecution {
  id: Id;
  status: string;
  /** The signal's number among those of the execution. */
  signals: number;
  lastSeq: number;
  body: EventOf<"signal-received">["body"];
  at: number;
}

/** What a parent's wait for a child gets. */
export function childAnswer(childId: Id, event: DomainEvent): Json {
  switch (event.type) {
    case "execution-completed":
      return { executionId: childId, status: "completed", output: event.body.output ?? null };
    case "execution-failed":
      return { executionId: childId, status: "failed", error: { ...event.body.error } };
    default:
      return { executionId: childId, status: "cancelled" };
  }
}

/** The signal by which the commit that ends a child wakes its parent. */
export interface ParentSignal {
  statements: readonly Statement[];
  /** What came of it, from the results of the unit; undefined when the parent has ended before. */
  read(results: UnitResult): SignalledExecution | undefined;
}

/** @returns undefined while the child goes on, or when nobody waits for it */
export function parentSignal(
  queries: EngineQueries,
  facts: ExecutionFacts,
  events: readonly DomainEvent[],
  position: number,
  now: number,
): ParentSignal | undefined {
  const { parentId, parentWait } = facts;
  if (parentId === null || parentWait === null) return undefined;
  const end = events.find(isTerminalEvent);
  if (end === undefined) return undefined;
  const body = { name: parentWait, payload: childAnswer(facts.id, end) };
  const signal = queries.signal({ id: parentId, now });
  const event = queries.insertEvent(
    {
      executionId: parentId,
      seq: { statement: position, column: "last_seq", plus: 0 },
      attempt: 0,
      step: 0,
      type: "signal-received",
      body: JSON.stringify(body),
      at: now,
    },
    { onlyAfter: position },
  );
  return {
    statements: [signal, event],
    read(results) {
      const row = results[position]?.[0];
      return row === undefined ? undefined : readSignalled(parentId, row, body, now);
    },
  };
}

/** From the row that the query `signal` returned. */
export function readSignalled(id: Id, row: Row, body: SignalledExecution["body"], at: number): SignalledExecution {
  return {
    id,
    status: row["status"] as string,
    signals: row["signals"] as number,
    lastSeq: row["last_seq"] as number,
    body,
    at,
  };
}
