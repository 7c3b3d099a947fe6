import type { Id } from "../contract/ids.ts";
import type { MemoryEntry } from "../contract/memory.ts";
import { requireMemoryEntry } from "./memory-row.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";

export async function getMemoryEntry(
  { database }: Pick<OperationParts, "database">,
  caller: Caller,
  storeId: Id,
  entryId: Id,
): Promise<MemoryEntry> {
  requireScope(caller, "agents:read");
  return requireMemoryEntry(database, caller.organization.id, storeId, entryId);
}
