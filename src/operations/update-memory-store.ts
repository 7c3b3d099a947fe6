import type { Id } from "../contract/ids.ts";
import type { MemoryStore } from "../contract/memory.ts";
import { toStatement } from "../store/database.ts";
import { memoryStoreNotFound, readMemoryStore } from "./memory-row.ts";
import type { Caller, MemoryStoreFields } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";

/** Fields that are not given stay; `metadata` is replaced whole. */
export async function updateMemoryStore(
  { database, now }: Pick<OperationParts, "database" | "now">,
  caller: Caller,
  storeId: Id,
  change: MemoryStoreFields,
): Promise<MemoryStore> {
  requireScope(caller, "agents:write");
  const { name, description, agentWritable, metadata } = change;
  const [rows] = await database.write([
    toStatement(
      database.builder
        .updateTable("memory_store")
        .set({
          ...(name === undefined ? {} : { name }),
          ...(description === undefined ? {} : { description }),
          ...(agentWritable === undefined ? {} : { agent_writable: agentWritable ? 1 : 0 }),
          ...(metadata === undefined ? {} : { metadata: JSON.stringify(metadata) }),
          updated_at: now(),
        })
        .where("id", "=", storeId)
        .where("organization_id", "=", caller.organization.id)
        .returningAll(),
    ),
  ]);
  const [row] = rows ?? [];
  if (row === undefined) throw memoryStoreNotFound(storeId);
  return readMemoryStore(row);
}
