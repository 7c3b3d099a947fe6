import { sql } from "kysely";
import type { Metadata } from "../contract/agent.ts";
import type { Id } from "../contract/ids.ts";
import type { MemoryEntry } from "../contract/memory.ts";
import { toStatement } from "../store/database.ts";
import { type Statement, UnitRejected } from "../store/statement.ts";
import { findMemoryEntry, requireMemoryStore } from "./memory-row.ts";
import type { OperationParts } from "./parts.ts";

export interface MemoryWrite {
  organizationId: Id;
  storeId: Id;
  /** The id that a new entry gets. */
  id: Id;
  key: string | undefined;
  content: string;
  /** Absent: a new entry has none, an existing one keeps its own. */
  metadata?: Metadata;
  sourceExecutionId: Id | undefined;
  /** Agents write only where the store lets them. */
  byAgent: boolean;
}

/**
 * Adds an entry, or replaces the one of the same key; the store's count of entries moves in the same unit. An entry that
 * is there under the very id was written by an earlier run of this call and is left alone.
 *
 * @param commit takes the unit with what it will have come to
 * @throws `memory_store_not_found`; `unprocessable` when an agent may not write here
 */
export async function writeMemoryEntry(
  { database, now }: Pick<OperationParts, "database" | "now">,
  write: MemoryWrite,
  commit: (unit: Statement[], outcome: { entry: MemoryEntry; created: boolean }) => Promise<unknown>,
): Promise<{ entry: MemoryEntry; created: boolean }> {
  const { organizationId, storeId, id, key, content, sourceExecutionId } = write;
  const { builder } = database;
  for (;;) {
    await requireMemoryStore(database, organizationId, storeId, { byAgent: write.byAgent });
    const known =
      (key === undefined ? undefined : await findMemoryEntry(database, { organizationId, storeId, key })) ??
      (await findMemoryEntry(database, { organizationId, storeId, id }));
    if (known !== undefined && known.key === null) return { entry: known, created: true };
    const at = now();
    const entry: MemoryEntry = {
      id: known?.id ?? id,
      storeId,
      key: key ?? null,
      content,
      metadata: write.metadata ?? known?.metadata ?? {},
      sourceExecutionId: sourceExecutionId ?? known?.sourceExecutionId,
      score: undefined,
      createdAt: known?.createdAt ?? at,
      updatedAt: at,
    };
    const row = {
      key: entry.key,
      content,
      metadata: JSON.stringify(entry.metadata),
      source_execution_id: entry.sourceExecutionId ?? null,
      updated_at: at,
    };
    const holdStore = builder
      .updateTable("memory_store")
      .set({ entry_count: sql<number>`entry_count + ${known === undefined ? 1 : 0}` })
      .where("id", "=", storeId)
      .where("organization_id", "=", organizationId);
    const unit = [
      toStatement(write.byAgent ? holdStore.where("agent_writable", "=", 1) : holdStore, { expectsRow: true }),
      known === undefined
        ? toStatement(
            builder
              .insertInto("memory_entry")
              .values({ ...row, id, store_id: storeId, organization_id: organizationId, created_at: at }),
          )
        : toStatement(builder.updateTable("memory_entry").set(row).where("id", "=", known.id), { expectsRow: true }),
    ];
    const outcome = { entry, created: known === undefined };
    try {
      await commit(unit, outcome);
      return outcome;
    } catch (error) {
      // The store or the entry changed since it was read: look again.
      if (!(error instanceof UnitRejected)) throw error;
    }
  }
}

/** The unit that removes an entry, its store's count included. Refused when there is none. */
export function removeMemoryEntry(
  { database }: Pick<OperationParts, "database">,
  at: { organizationId: Id; storeId: Id; entryId: Id; byAgent: boolean },
): Statement[] {
  const { builder } = database;
  const store = builder
    .updateTable("memory_store")
    .set({ entry_count: sql<number>`entry_count - 1` })
    .where("id", "=", at.storeId);
  return [
    // The store before the entry, like a write: two units that take them in another order could wait for each other.
    toStatement(at.byAgent ? store.where("agent_writable", "=", 1) : store, { expectsRow: true }),
    toStatement(
      builder
        .deleteFrom("memory_entry")
        .where("id", "=", at.entryId)
        .where("store_id", "=", at.storeId)
        .where("organization_id", "=", at.organizationId),
      { expectsRow: true },
    ),
  ];
}
