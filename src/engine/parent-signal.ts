import type { DomainEvent } from "../contract/events.ts";
import { isTerminalEvent } from "../contract/events.ts";
import type { Id } from "../contract/ids.ts";
import type { Json } from "../contract/json.ts";
import type { Row, Statement } from "../store/statement.ts";
import type { ExecutionFacts } from "./hooks.ts";
import type { EngineQueries } from "./queries.ts";

/** An execution that has just got a signal. */
export interface SignalledExecution {
  id: Id;
  status: string;
  /** The signal's number among those of the execution. */
  signals: number;
  lastSeq: number;
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

/** The statements by which the commit that ends a child signals its parent; none while the child goes on. */
export function parentSignal(
  queries: EngineQueries,
  facts: ExecutionFacts,
  events: readonly DomainEvent[],
  position: number,
  now: number,
): Statement[] {
  const end = events.find(isTerminalEvent);
  if (end === undefined || facts.parentId === null || facts.parentWait === null) return [];
  const body = { name: facts.parentWait, payload: childAnswer(facts.id, end) };
  return [
    queries.signal({ id: facts.parentId, now }),
    queries.insertEvent(
      {
        executionId: facts.parentId,
        seq: { statement: position, column: "last_seq", plus: 0 },
        attempt: 0,
        step: 0,
        type: "signal-received",
        body: JSON.stringify(body),
        at: now,
      },
      { onlyAfter: position },
    ),
  ];
}

export function readSignalled(facts: ExecutionFacts, rows: readonly Row[] | undefined): SignalledExecution | undefined {
  const row = rows?.[0];
  if (row === undefined || facts.parentId === null) return undefined;
  if (typeof row["signals"] !== "number") return undefined; // another statement stood at this place
  return {
    id: facts.parentId,
    status: row["status"] as string,
    signals: row["signals"],
    lastSeq: row["last_seq"] as number,
  };
}
