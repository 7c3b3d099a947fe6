import type { Metadata } from "../contract/agent.ts";
import { RunyardError } from "../contract/errors.ts";
import type { Id } from "../contract/ids.ts";
import type { MemoryEntry } from "../contract/memory.ts";
import { toStatement } from "../store/database.ts";
import { UnitRejected } from "../store/statement.ts";
import { memoryEntryNotFound, readMemoryEntry, requireMemoryStore } from "./memory-row.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";

/** @throws `unprocessable` when another entry of the store has the key */
export async function updateMemoryEntry(
  { database, now }: Pick<OperationParts, "database" | "now">,
  caller: Caller,
  storeId: Id,
  entryId: Id,
  change: { content?: string; key?: string | null; metadata?: Metadata },
): Promise<MemoryEntry> {
  requireScope(caller, "agents:write");
  const organizationId = caller.organization.id;
  await requireMemoryStore(database, organizationId, storeId);
  const { content, key, metadata } = change;
  const update = toStatement(
    database.builder
      .updateTable("memory_entry")
      .set({
        ...(content === undefined ? {} : { content }),
        ...(key === undefined ? {} : { key }),
        ...(metadata === undefined ? {} : { metadata: JSON.stringify(metadata) }),
        updated_at: now(),
      })
      .where("id", "=", entryId)
      .where("store_id", "=", storeId)
      .where("organization_id", "=", organizationId)
      .returningAll(),
  );
  try {
    const [rows] = await database.write([update]);
    const [row] = rows ?? [];
    if (row === undefined) throw memoryEntryNotFound(entryId);
    return readMemoryEntry(row);
  } catch (error) {
    if (!(error instanceof UnitRejected)) throw error;
    throw new RunyardError("unprocessable", "Keys are unique in a store, and another entry has this one.", {
      param: "key",
    });
  }
}
