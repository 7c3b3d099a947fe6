import { type Compilable, type Kysely, sql } from "kysely";
import { prepared } from "../store/prepared.ts";
import type { Tables } from "../store/tables.ts";

/** What one unit adds to the counters of an execution's row. */
export type Counts = {
  firstTokenAt: number | null;
  toolCalls: number;
  inputTokens: number;
  outputTokens: number;
  cacheReadTokens: number;
  cacheWriteTokens: number;
  reasoningTokens: number;
  costNanoUsd: number;
  costUnknown: number;
};

type Guard = {
  id: string;
  attempt: number;
  /** Events that the unit appends. */
  count: number;
  /** Where the log ends with them, as far as the attempt knows. */
  lastSeq: number;
};

export type GuardQueries = ReturnType<typeof guardQueries>;

/**
 * The first statement of a write of an attempt that changes the execution's row: an update that is conditional on the
 * attempt number. It fences, and orders writers.
 *
 * @param isExact the events are numbered ahead and nothing has to come back, which halves what the statement costs on
 *   SQLite (10 µs to 5 µs, at an end 30 µs to 19 µs); that their numbers are free, their own key says. Otherwise
 *   `last_seq` comes back, wherever signals and cancels have brought it
 */
export function guardQueries(builder: Kysely<Tables>, isExact: boolean) {
  const held = (p: { id: never; attempt: never; count: never; lastSeq: never }) =>
    isHeld(builder.updateTable("execution"), p).set(isExact ? { last_seq: p.lastSeq } : numbered(p.count));
  const end = (query: ReturnType<typeof held>): Compilable => (isExact ? query : query.returning("last_seq"));

  // Most ends count nothing: a statement with a quarter of the parameters saves a third of its time.
  return {
    append: prepared<Guard>((p) => end(held(p))),
    appendCounted: prepared<Guard & Counts>((p) => end(held(p).set(counted(p)))),
    appendStep: prepared<Guard>((p) => end(held(p).set(noCrashes))),
    appendStepCounted: prepared<Guard & Counts>((p) => end(held(p).set({ ...counted(p), ...noCrashes }))),
    finish: prepared<Guard & { status: string; now: number }>((p) =>
      end(held(p).set({ status: p.status, finished_at: p.now })),
    ),
    finishCounted: prepared<Guard & { status: string; now: number } & Counts>((p) =>
      end(held(p).set({ ...counted(p), status: p.status, finished_at: p.now })),
    ),
    suspend: prepared<Guard & { signals: number; wakeAt: number | null; waitingFor: string }>((p) =>
      end(
        held(p)
          .set({ ...noCrashes, status: sql<string>`'waiting'`, wake_at: p.wakeAt, waiting_for: p.waitingFor })
          .where("signals", "=", p.signals)
          .where("cancel_requested_at", "is", null),
      ),
    ),
    handBack: prepared<Guard & { now: number }>((p) => end(held(p).set(handedBack(p)))),
    handBackCounted: prepared<Guard & { now: number } & Counts>((p) =>
      end(held(p).set({ ...counted(p), ...handedBack(p) })),
    ),
  };
}

/** The row of an execution that this attempt runs. */
export function isHeld<Query extends { where(...condition: [string, "=", unknown]): Query }>(
  query: Query,
  p: { id: never; attempt: never },
): Query {
  return query
    .where("id", "=", p.id)
    .where("attempt", "=", p.attempt)
    .where("status", "=", sql<string>`'running'`);
}

/**
 * Numbers events from wherever the log ends now. A running attempt appends without touching the row, so the row's own
 * `last_seq` may be behind. It counts all the same: of writers that wait for the row one after the other, Postgres shows
 * each the row as the one before left it, but the log as it was when the wait began.
 *
 * @param count a placeholder; default: one event
 */
export function numbered(count: unknown = sql.lit(1)) {
  const newest = sql`coalesce((select max(seq) from event where execution_id = execution.id), 0)`;
  return { last_seq: sql<number>`case when ${newest} > last_seq then ${newest} else last_seq end + ${count}` };
}

const noCrashes = { crashes: sql<number>`0` };

function handedBack(p: { now: never }) {
  return { status: sql<string>`'queued'`, queued_reason: sql<string>`'handed-back'`, run_at: p.now };
}

function counted(p: { [Name in keyof Counts]: never }) {
  return {
    first_token_at: sql<number>`coalesce(first_token_at, ${p.firstTokenAt})`,
    tool_calls: sql<number>`tool_calls + ${p.toolCalls}`,
    input_tokens: sql<number>`input_tokens + ${p.inputTokens}`,
    output_tokens: sql<number>`output_tokens + ${p.outputTokens}`,
    cache_read_tokens: sql<number>`cache_read_tokens + ${p.cacheReadTokens}`,
    cache_write_tokens: sql<number>`cache_write_tokens + ${p.cacheWriteTokens}`,
    reasoning_tokens: sql<number>`reasoning_tokens + ${p.reasoningTokens}`,
    cost_nano_usd: sql<number>`cost_nano_usd + ${p.costNanoUsd}`,
    // Kept as 0 or 1 whatever is added.
    cost_unknown: sql<number>`case when cost_unknown + ${p.costUnknown} > 0 then 1 else 0 end`,
  };
}
