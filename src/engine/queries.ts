import { sql, type Kysely } from "kysely";
import { prepared } from "../store/prepared.ts";
import { guardQueries, isHeld, numbered } from "./guard-queries.ts";
import { callEventTypes } from "./open-calls.ts";
import type { RowReference, SqlValue } from "../store/statement.ts";
import type { Tables } from "../store/tables.ts";

export type EngineQueries = ReturnType<typeof engineQueries>;

/** Columns that say what an execution is, as the engine hands them to its hooks. */
export const factColumns = [
  "id",
  "organization_id",
  "program",
  "agent_id",
  "agent_version_id",
  "conversation_id",
  "status",
  "attempt",
  "last_seq",
  "signals",
  "crashes",
  "queued_reason",
  "cancel_requested_at",
  "metadata",
  "parent_id",
  "parent_wait",
  "reserved_nano_usd",
  "cost_nano_usd",
  "first_token_at",
  "created_at",
] as const;

/** A row of `event` but for its number; the body as JSON text. */
type EventRow = { executionId: string; attempt: number; step: number; type: string; body: string; at: number };

/** Every statement of the engine. */
export function engineQueries(builder: Kysely<Tables>) {
  return {
    insertExecution: prepared<{
      id: string;
      organizationId: string;
      program: string;
      agentId: string | null;
      agentVersionId: string | null;
      conversationId: string | null;
      queueKey: string | null;
      parentId: string | null;
      parentWait: string | null;
      status: string;
      attempt: number;
      lastSeq: number;
      runAt: number;
      metadata: string;
      createdAt: number;
      reservedNanoUsd: number;
    }>((p) =>
      builder.insertInto("execution").values({
        id: p.id,
        organization_id: p.organizationId,
        program: p.program,
        agent_id: p.agentId,
        agent_version_id: p.agentVersionId,
        conversation_id: p.conversationId,
        queue_key: p.queueKey,
        parent_id: p.parentId,
        parent_wait: p.parentWait,
        status: p.status,
        attempt: p.attempt,
        last_seq: p.lastSeq,
        queued_reason: "first",
        run_at: p.runAt,
        metadata: p.metadata,
        created_at: p.createdAt,
        reserved_nano_usd: p.reservedNanoUsd,
      }),
    ),
    insertEvent: prepared<EventRow & { seq: number | RowReference }>((p) =>
      builder.insertInto("event").values({
        execution_id: p.executionId,
        seq: p.seq,
        attempt: p.attempt,
        step: p.step,
        type: p.type,
        body: p.body,
        at: p.at,
      }),
    ),

    /**
     * Appends an event of an attempt without touching the execution's row, which is only looked at: most steps change
     * nothing else. A number that somebody else has taken meanwhile is refused as `unique`.
     */
    appendEvent: prepared<EventRow & { seq: number }>((p) =>
      builder
        .insertInto("event")
        .columns(["execution_id", "seq", "attempt", "step", "type", "body", "at"])
        .expression((where) =>
          isHeld(where.selectFrom("execution"), { id: p.executionId, attempt: p.attempt }).select([
            sql<string>`${p.executionId}`.as("execution_id"),
            sql<number>`${p.seq}`.as("seq"),
            sql<number>`${p.attempt}`.as("attempt"),
            sql<number>`${p.step}`.as("step"),
            sql<string>`${p.type}`.as("type"),
            sql<string>`${p.body}`.as("body"),
            sql<number>`${p.at}`.as("at"),
          ]),
        ),
    ),

    /** Fewer than `limit` executions of the queue are before their end. */
    queueHasRoom: prepared<{ queueKey: string; limit: number }>((p) =>
      builder.selectNoFrom(sql<number>`1`.as("room")).where((where) =>
        where(
          where
            .selectFrom("execution")
            .select(({ fn }) => fn.countAll<number>().as("count"))
            .where("queue_key", "=", p.queueKey)
            .where("finished_at", "is", null),
          "<",
          p.limit,
        ),
      ),
    ),

    /**
     * Due executions, oldest first; of each queue only the one that has begun, else the first. Ids are made before they
     * are committed, so one below that of an execution which has begun can still come: it waits all the same.
     */
    due: prepared<{ now: number; limit: number; busyOrganizations: string; busyAgents: string }>((p) =>
      builder
        .selectFrom("execution")
        .select(["id", "organization_id", "agent_id"])
        .where("status", "=", sql<string>`'queued'`)
        .where("run_at", "<=", p.now)
        .where((where) =>
          where.or([
            where("queue_key", "is", null),
            where.not(
              where.exists(
                where
                  .selectFrom("execution as ahead")
                  .select("ahead.id")
                  .whereRef("ahead.queue_key", "=", "execution.queue_key")
                  .whereRef("ahead.id", "<>", "execution.id")
                  .where((ahead) =>
                    ahead.or([
                      ahead("ahead.attempt", ">", 0),
                      ahead.and([
                        ahead("execution.attempt", "=", 0),
                        ahead("ahead.id", "<", ahead.ref("execution.id")),
                      ]),
                    ]),
                  )
                  .where("ahead.finished_at", "is", null),
              ),
            ),
          ]),
        )
        // Comma-joined ids of those at their limit: a bound list would need a statement for each length.
        .where(sql<boolean>`${p.busyOrganizations} not like '%' || organization_id || '%'`)
        .where((where) =>
          where.or([
            where("agent_id", "is", null),
            where(sql<boolean>`${p.busyAgents} not like '%' || agent_id || '%'`, "=", sql<boolean>`true`),
          ]),
        )
        .orderBy("run_at")
        .orderBy("id")
        .limit(p.limit),
    ),
    claim: prepared<{ id: string }>((p) =>
      builder
        .updateTable("execution")
        .set({
          ...numbered(),
          status: "running",
          attempt: sql<number>`attempt + 1`,
          wake_at: null,
          waiting_for: null,
        })
        .where("id", "=", p.id)
        .where("status", "=", sql<string>`'queued'`)
        .returning(factColumns),
    ),
    /** `first`: the earliest of all that are queued; `at`: the earliest that only waits for its time. */
    nextDueAt: prepared<{ now: number }>((p) => {
      const earliest = builder
        .selectFrom("execution")
        .select(({ fn }) => fn.min("run_at").as("at"))
        .where("status", "=", sql<string>`'queued'`);
      return builder.selectNoFrom([earliest.as("first"), earliest.where("run_at", ">", p.now).as("at")]);
    }),
    nextWakeAt: prepared<Record<never, never>>(() =>
      builder
        .selectFrom("execution")
        .select(({ fn }) => fn.min("wake_at").as("at"))
        .where("status", "=", sql<string>`'waiting'`)
        .where("wake_at", "is not", null),
    ),
    /** Waits whose time has come; at most `limit`, so that one tick stays short. */
    wake: prepared<{ now: number; limit: number }>((p) =>
      builder
        .updateTable("execution")
        // Those that are late together go on in the order of their times.
        .set({ status: "queued", queued_reason: "resumed", run_at: sql<number>`wake_at`, wake_at: null })
        .where("id", "in", (where) =>
          where
            .selectFrom("execution")
            .select("id")
            .where("status", "=", sql<string>`'waiting'`)
            .where("wake_at", "<=", p.now)
            .orderBy("wake_at")
            .limit(p.limit),
        )
        .returning("id"),
    ),

    /** Every execution that a dead process left running is due again. */
    recover: prepared<{ now: number }>((p) =>
      builder
        .updateTable("execution")
        .set({
          status: "queued",
          queued_reason: "recovered",
          crashes: sql<number>`crashes + 1`,
          run_at: p.now,
        })
        .where("status", "=", sql<string>`'running'`)
        .returning("id"),
    ),
    /** `trusted`: names of programs that have another limit, each between commas. */
    poisoned: prepared<{ crashes: number; trusted: string; trustedCrashes: number; limit: number }>((p) =>
      builder
        .selectFrom("execution")
        .select(["id", "crashes"])
        .where("status", "=", sql<string>`'queued'`)
        .where("queued_reason", "=", "recovered")
        .where(
          sql<boolean>`crashes >= case when ${p.trusted} like '%,' || program || ',%'
            then cast(${p.trustedCrashes} as integer) else cast(${p.crashes} as integer) end`,
        )
        .limit(p.limit),
    ),
    /** One execution that no attempt of this process holds is due again. */
    reclaim: prepared<{ id: string; attempt: number; now: number }>((p) =>
      builder
        .updateTable("execution")
        .set({ status: "queued", queued_reason: "recovered", run_at: p.now })
        .where("id", "=", p.id)
        .where("attempt", "=", p.attempt)
        .where("status", "=", sql<string>`'running'`)
        .returning("id"),
    ),

    /** For an attempt that knows where its log ends, and for one that was wrong about it or appends nothing. */
    guardAt: guardQueries(builder, true),
    guard: guardQueries(builder, false),

    /** Wakes the execution when it waits; an execution that has ended is not changed. */
    signal: prepared<{ id: string; now: number }>((p) =>
      builder
        .updateTable("execution")
        .set({
          ...numbered(),
          signals: sql<number>`signals + 1`,
          queued_reason: sql<string>`case when status = 'waiting' then 'resumed' else queued_reason end`,
          run_at: sql<number>`case when status = 'waiting' then ${p.now} else run_at end`,
          wake_at: sql<number | null>`case when status = 'waiting' then null else wake_at end`,
          status: sql<string>`case when status = 'waiting' then 'queued' else status end`,
        })
        .where("id", "=", p.id)
        .where(sql<boolean>`status in ('queued', 'running', 'waiting')`)
        .returning(["last_seq", "status", "signals"]),
    ),
    /** Ends an execution that no attempt holds, with two events. */
    endIdle: prepared<{ id: string; status: string; now: number; count: number }>((p) =>
      builder
        .updateTable("execution")
        .set({ ...numbered(p.count), status: p.status, finished_at: p.now, wake_at: null })
        .where("id", "=", p.id)
        .where(sql<boolean>`status in ('queued', 'waiting')`)
        .returning(factColumns),
    ),
    /** Numbers one event from outside of any attempt. */
    note: prepared<{ id: string }>((p) =>
      builder
        .updateTable("execution")
        .set(numbered())
        .where("id", "=", p.id)
        .where(sql<boolean>`status in ('queued', 'running', 'waiting')`)
        .returning("last_seq"),
    ),
    requestCancel: prepared<{ id: string; now: number }>((p) =>
      builder
        .updateTable("execution")
        .set({ ...numbered(), cancel_requested_at: p.now })
        .where("id", "=", p.id)
        .where("status", "=", sql<string>`'running'`)
        .where("cancel_requested_at", "is", null)
        .returning(["last_seq", "attempt"]),
    ),
    /** Takes a running execution from its attempt, which learns it at its next write. */
    forceEnd: prepared<{ id: string; status: string; now: number; count: number }>((p) =>
      builder
        .updateTable("execution")
        .set({ ...numbered(p.count), status: p.status, finished_at: p.now })
        .where("id", "=", p.id)
        .where("status", "=", sql<string>`'running'`)
        .returning(factColumns),
    ),

    /** What a resumed program reads: however many deltas lie between, only these rows. */
    journal: prepared<{ id: string }>((p) =>
      builder
        .selectFrom("event")
        .selectAll()
        .where("execution_id", "=", p.id)
        .where(sql<boolean>`type in ('step-finished', 'wait-started', 'wait-finished', 'signal-received')`)
        .orderBy("seq"),
    ),
    eventsAfter: prepared<{ id: string; after: number; limit: number }>((p) =>
      builder
        .selectFrom("event")
        .selectAll()
        .where("execution_id", "=", p.id)
        .where("seq", ">", p.after)
        .orderBy("seq")
        .limit(p.limit),
    ),
    callEvents: prepared<{ id: string }>((p) =>
      builder
        .selectFrom("event")
        .selectAll()
        .where("execution_id", "=", p.id)
        .where(sql<boolean>`type in (${sql.join(callEventTypes.map((type) => sql.lit(type)))})`)
        .orderBy("seq"),
    ),
    firstEvent: prepared<{ id: string }>((p) =>
      builder
        .selectFrom("event")
        .select("body")
        .where("execution_id", "=", p.id)
        .where("seq", "=", sql<number>`1`),
    ),
    state: prepared<{ id: string }>((p) => builder.selectFrom("execution").select(factColumns).where("id", "=", p.id)),
    countDue: prepared<{ now: number }>((p) =>
      builder
        .selectFrom("execution")
        .select(({ fn }) => fn.countAll<number>().as("count"))
        .where("status", "=", sql<string>`'queued'`)
        .where("run_at", "<=", p.now),
    ),
    /** Those of a queue before their end, through the index that holds just these. */
    countOpen: prepared<Record<never, never>>(() =>
      builder
        .selectFrom("execution")
        .select(({ fn }) => ["program", "status", fn.countAll<number>().as("count")])
        .where("queue_key", "is not", null)
        .where("finished_at", "is", null)
        .groupBy(["program", "status"]),
    ),
  };
}

export type FactRow = {
  [Column in (typeof factColumns)[number]]: Extract<Tables["execution"][Column] extends infer T ? T : never, SqlValue>;
};
