import { type Id } from "../contract/ids.ts";
import { toStatement } from "../store/database.ts";
import type { OperationParts } from "./parts.ts";

/** The stores an execution was started with, as far as they still exist, in the order they were named. */
export async function readAttachedStores(
  { database }: Pick<OperationParts, "database">,
  organizationId: Id,
  storeIds: readonly Id[],
): Promise<{ id: Id; name: string; description: string; writable: boolean }[]> {
  if (storeIds.length === 0) return [];
  const rows = await database.read(
    toStatement(
      database.builder
        .selectFrom("memory_store")
        .select(["id", "name", "description", "agent_writable"])
        .where("organization_id", "=", organizationId)
        .where("id", "in", [...storeIds]),
    ),
  );
  const stores = rows.map((row) => ({
    id: row["id"] as Id,
    name: row["name"] as string,
    description: row["description"] as string,
    writable: row["agent_writable"] === 1,
  }));
  return stores.sort((left, right) => storeIds.indexOf(left.id) - storeIds.indexOf(right.id));
}
