import { sql } from "kysely";
import type { Id } from "../contract/ids.ts";
import { type Plan, planSchema } from "../contract/organization.ts";
import { type Database, toStatement } from "../store/database.ts";
import type { Statement } from "../store/statement.ts";
import { removeConversation } from "./delete-conversation.ts";
import { idempotencyMs } from "./find-idempotent.ts";
import { sweepUploads } from "./bundle-upload.ts";
import type { OperationParts } from "./parts.ts";
import { removeUnreferencedBlob } from "./remove-unreferenced-blob.ts";

const dayMs = 24 * 60 * 60 * 1000;
/** Objects looked at in one go. */
const batchSize = 100;
/** Rows deleted in one unit at the most, so that writers in between wait for milliseconds. */
const rowsPerUnit = 500;
/** An upload may be between its note and its file. */
const blobGraceMs = 60 * 60 * 1000;

export interface SweepOptions {
  /** Logs are thinned this long after the end; not below 24, for readers that resume. Default 24. */
  keepLogHours?: number;
  /** Stops between two batches. */
  signal?: AbortSignal;
}

/** How many of each went. */
export interface SweepReport {
  conversations: number;
  logs: number;
  idempotencyKeys: number;
  requestCounts: number;
  blobs: number;
}

type Parts = Pick<OperationParts, "database" | "engine" | "blobFiles" | "now" | "plans">;

/**
 * Removes what has had its time, in small units between which others write:
 *
 * - conversations that were idle for longer than their organization's plan keeps them, test twins included;
 * - of logs, a while after the end, the journal and the reasoning, and of completed executions the text deltas, which
 *   their output repeats; what an execution shows, and its usage, stays;
 * - uploads of bundles that nobody registered, a day after they closed;
 * - answers to idempotency keys after a day, request counts of days gone by, and bytes that nothing refers to.
 *
 * Breaking off at any point is harmless; the next sweep goes on.
 */
export async function sweepRetention(parts: Parts, options: SweepOptions = {}): Promise<SweepReport> {
  await sweepUploads(parts);
  return {
    conversations: await sweepConversations(parts, options),
    logs: await sweepLogs(parts, options),
    idempotencyKeys: await sweepIdempotencyKeys(parts, options),
    requestCounts: await sweepRequestCounts(parts, options),
    blobs: await sweepBlobs(parts, options),
  };
}

async function sweepConversations(parts: Parts, { signal }: SweepOptions): Promise<number> {
  let count = 0;
  for (const plan of planSchema.options) {
    const { retentionDays } = parts.plans[plan];
    if (retentionDays === null) continue;
    const before = parts.now() - retentionDays * dayMs;
    for (;;) {
      const rows = await parts.database.scan(idleConversations(parts.database, plan, before));
      for (const row of rows) {
        if (signal?.aborted === true) return count;
        await removeConversation(parts, row["organization_id"] as Id, row["id"] as Id);
        count += 1;
      }
      if (rows.length < batchSize) break;
    }
  }
  return count;
}

function idleConversations({ builder }: Database, plan: Plan, before: number): Statement {
  return toStatement(
    builder
      .selectFrom("conversation")
      .innerJoin("organization", "organization.id", "conversation.organization_id")
      .select(["conversation.id", "conversation.organization_id"])
      .where("organization.plan", "=", plan)
      .where("conversation.last_active_at", "<", before)
      .limit(batchSize),
  );
}

async function sweepLogs({ database, now }: Parts, options: SweepOptions): Promise<number> {
  const { builder } = database;
  const before = now() - Math.max(24, options.keepLogHours ?? 24) * 60 * 60 * 1000;
  const ended = builder
    .selectFrom("execution")
    .select(["id", "status"])
    .where("log_dropped_at", "is", null)
    .where("finished_at", "<", before)
    .orderBy("finished_at")
    .limit(batchSize);
  let count = 0;
  for (;;) {
    const rows = await database.scan(toStatement(ended));
    for (const row of rows) {
      if (options.signal?.aborted === true) return count;
      await thinLog(database, row["id"] as Id, row["status"] === "completed", now());
      count += 1;
    }
    if (rows.length < batchSize) return count;
  }
}

/** The mark goes with the first rows: from then on readers are told that the log is gone, never shown half of it. */
async function thinLog(database: Database, executionId: Id, completed: boolean, now: number): Promise<void> {
  const { builder } = database;
  const types = ["step-finished", "reasoning-delta", ...(completed ? ["text-delta"] : [])];
  const thin = toStatement(
    builder
      .deleteFrom("event")
      .where("execution_id", "=", executionId)
      .where("seq", "in", (from) =>
        from
          .selectFrom("event")
          .select("seq")
          .where("execution_id", "=", executionId)
          .where("type", "in", types)
          .limit(rowsPerUnit),
      )
      .returning("seq"),
  );
  const mark = builder.updateTable("execution").set({ log_dropped_at: now }).where("id", "=", executionId);
  const [, first] = await database.writeMany([toStatement(mark), thin]);
  for (let removed = first; removed !== undefined && removed.length === rowsPerUnit;) {
    [removed] = await database.writeMany([thin]);
  }
}

function sweepIdempotencyKeys({ database, now }: Parts, options: SweepOptions): Promise<number> {
  return sweepRows(
    database,
    toStatement(
      database.builder
        .deleteFrom("idempotency")
        .where(
          sql<boolean>`(organization_id, route, key) in (select organization_id, route, key from idempotency
            where created_at < ${now() - idempotencyMs} limit ${rowsPerUnit})`,
        )
        .returning("key"),
    ),
    options,
  );
}

function sweepRequestCounts({ database, now }: Parts, options: SweepOptions): Promise<number> {
  const yesterday = new Date(now() - dayMs).toISOString().slice(0, 10);
  return sweepRows(
    database,
    toStatement(
      database.builder
        .deleteFrom("request_count")
        .where(
          sql<boolean>`(key_id, day) in (select key_id, day from request_count
            where day < ${yesterday} limit ${rowsPerUnit})`,
        )
        .returning("key_id"),
    ),
    options,
  );
}

async function sweepRows(database: Database, remove: Statement, { signal }: SweepOptions): Promise<number> {
  let count = 0;
  for (;;) {
    if (signal?.aborted === true) return count;
    const [removed] = await database.writeMany([remove]);
    count += removed?.length ?? 0;
    if ((removed?.length ?? 0) < rowsPerUnit) return count;
  }
}

/** Removes bytes that no file, version or upload has any more. @returns how many went */
export async function sweepBlobs(
  parts: Pick<OperationParts, "database" | "blobFiles" | "now">,
  { signal }: Pick<SweepOptions, "signal"> = {},
): Promise<number> {
  const { database, now } = parts;
  const unreferenced = database.builder
    .selectFrom("blob")
    .leftJoin("file", "file.sha256", "blob.sha256")
    .select("blob.sha256")
    .where("file.id", "is", null)
    // One that stays must not come again with the next batch.
    .where(
      sql<boolean>`not exists (select 1 from agent_version where bundle_sha256 = blob.sha256)
        and not exists (select 1 from bundle_upload where bundle_upload.sha256 = blob.sha256)`,
    )
    .where("blob.created_at", "<", now() - blobGraceMs)
    .limit(batchSize);
  let count = 0;
  for (;;) {
    const rows = await database.scan(toStatement(unreferenced));
    for (const row of rows) {
      if (signal?.aborted === true) return count;
      if (await removeUnreferencedBlob(parts, row["sha256"] as string)) count += 1;
    }
    if (rows.length < batchSize) return count;
  }
}
