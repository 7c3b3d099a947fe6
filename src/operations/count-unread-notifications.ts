import { sql } from "kysely";
import { toStatement } from "../store/database.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";

/** How many a user has not read. @param filter.userId default: the key's own user */
export async function countUnreadNotifications(
  { database }: Pick<OperationParts, "database">,
  caller: Caller,
  filter: { userId?: string },
): Promise<number> {
  requireScope(caller, "agents:read");
  const [row] = await database.read(
    toStatement(
      database.builder
        .selectFrom("notification")
        .select(sql<number>`count(*)`.as("count"))
        .where("organization_id", "=", caller.organization.id)
        .where("user_id", "=", filter.userId ?? caller.organization.id)
        .where("read_at", "is", null),
    ),
  );
  return Number(row?.["count"] ?? 0);
}
