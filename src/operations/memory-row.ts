import { metadataSchema } from "../contract/agent.ts";
import { RunyardError } from "../contract/errors.ts";
import { type Id, spellId } from "../contract/ids.ts";
import type { MemoryEntry, MemoryStore } from "../contract/memory.ts";
import { type Database, toStatement } from "../store/database.ts";
import type { Row } from "../store/statement.ts";

export function readMemoryStore(row: Row): MemoryStore {
  return {
    id: row["id"] as string,
    organizationId: row["organization_id"] as string,
    name: row["name"] as string,
    description: row["description"] as string,
    agentWritable: row["agent_writable"] === 1,
    entryCount: row["entry_count"] as number,
    metadata: metadataSchema.parse(JSON.parse(row["metadata"] as string)),
    createdAt: row["created_at"] as number,
    updatedAt: row["updated_at"] as number,
  };
}

/** @param row of `memory_entry`, with `score` when it comes from a search */
export function readMemoryEntry(row: Row): MemoryEntry {
  return {
    id: row["id"] as string,
    storeId: row["store_id"] as string,
    key: row["key"] as string | null,
    content: row["content"] as string,
    metadata: metadataSchema.parse(JSON.parse(row["metadata"] as string)),
    sourceExecutionId: (row["source_execution_id"] as string | null) ?? undefined,
    score: typeof row["score"] === "number" ? row["score"] : undefined,
    createdAt: row["created_at"] as number,
    updatedAt: row["updated_at"] as number,
  };
}

/**
 * @param options.byAgent the store must let agents write
 * @throws `memory_store_not_found`, `unprocessable` when agents may not write
 */
export async function requireMemoryStore(
  database: Database,
  organizationId: Id,
  storeId: Id,
  options: { byAgent?: boolean } = {},
): Promise<MemoryStore> {
  const [row] = await database.read(
    toStatement(
      database.builder
        .selectFrom("memory_store")
        .selectAll()
        .where("id", "=", storeId)
        .where("organization_id", "=", organizationId),
    ),
  );
  if (row === undefined) throw memoryStoreNotFound(storeId);
  const store = readMemoryStore(row);
  if (options.byAgent === true && !store.agentWritable) {
    throw new RunyardError("unprocessable", `The memory store "${store.name}" does not let agents write.`);
  }
  return store;
}

/** @throws `memory_store_not_found`, `memory_entry_not_found` */
export async function requireMemoryEntry(
  database: Database,
  organizationId: Id,
  storeId: Id,
  entryId: Id,
): Promise<MemoryEntry> {
  await requireMemoryStore(database, organizationId, storeId);
  const entry = await findMemoryEntry(database, { organizationId, storeId, id: entryId });
  if (entry === undefined) throw memoryEntryNotFound(entryId);
  return entry;
}

export async function findMemoryEntry(
  database: Database,
  { organizationId, storeId, ...by }: { organizationId: Id; storeId: Id } & ({ id: Id } | { key: string }),
): Promise<MemoryEntry | undefined> {
  const inStore = database.builder
    .selectFrom("memory_entry")
    .selectAll()
    .where("store_id", "=", storeId)
    .where("organization_id", "=", organizationId);
  const [row] = await database.read(
    toStatement("id" in by ? inStore.where("id", "=", by.id) : inStore.where("key", "=", by.key)),
  );
  return row === undefined ? undefined : readMemoryEntry(row);
}

export function memoryStoreNotFound(storeId: Id): RunyardError {
  return new RunyardError("memory_store_not_found", `There is no memory store ${spellId("memoryStore", storeId)}.`);
}

export function memoryEntryNotFound(entryId: Id): RunyardError {
  return new RunyardError(
    "memory_entry_not_found",
    `There is no entry ${spellId("memoryEntry", entryId)} in this memory store.`,
  );
}
