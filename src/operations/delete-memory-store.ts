import type { Id } from "../contract/ids.ts";
import { toStatement } from "../store/database.ts";
import { UnitRejected } from "../store/statement.ts";
import { memoryStoreNotFound } from "./memory-row.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";

/** With its entries. Executions that were started with it go on without it. */
export async function deleteMemoryStore(
  { database }: Pick<OperationParts, "database">,
  caller: Caller,
  storeId: Id,
): Promise<void> {
  requireScope(caller, "agents:write");
  const remove = toStatement(
    database.builder
      .deleteFrom("memory_store")
      .where("id", "=", storeId)
      .where("organization_id", "=", caller.organization.id),
    { expectsRow: true },
  );
  try {
    await database.write([remove]);
  } catch (error) {
    if (error instanceof UnitRejected) throw memoryStoreNotFound(storeId);
    throw error;
  }
}
