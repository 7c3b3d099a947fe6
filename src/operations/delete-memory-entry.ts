import type { Id } from "../contract/ids.ts";
import { UnitRejected } from "../store/statement.ts";
import { memoryEntryNotFound, requireMemoryStore } from "./memory-row.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";
import { removeMemoryEntry } from "./write-memory-entry.ts";

export async function deleteMemoryEntry(
  parts: Pick<OperationParts, "database">,
  caller: Caller,
  storeId: Id,
  entryId: Id,
): Promise<void> {
  requireScope(caller, "agents:write");
  const organizationId = caller.organization.id;
  await requireMemoryStore(parts.database, organizationId, storeId);
  try {
    await parts.database.write(removeMemoryEntry(parts, { organizationId, storeId, entryId, byAgent: false }));
  } catch (error) {
    if (error instanceof UnitRejected) throw memoryEntryNotFound(entryId);
    throw error;
  }
}
