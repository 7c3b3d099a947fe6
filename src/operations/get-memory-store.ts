import type { Id } from "../contract/ids.ts";
import type { MemoryStore } from "../contract/memory.ts";
import { requireMemoryStore } from "./memory-row.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";

export async function getMemoryStore(
  { database }: Pick<OperationParts, "database">,
  caller: Caller,
  storeId: Id,
): Promise<MemoryStore> {
  requireScope(caller, "agents:read");
  return requireMemoryStore(database, caller.organization.id, storeId);
}
