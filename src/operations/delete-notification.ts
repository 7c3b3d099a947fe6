import type { Id } from "../contract/ids.ts";
import { toStatement } from "../store/database.ts";
import { notificationNotFound } from "./notification-row.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";

/** @throws `notification_not_found` */
export async function deleteNotification(
  { database }: Pick<OperationParts, "database">,
  caller: Caller,
  notificationId: Id,
): Promise<void> {
  requireScope(caller, "agents:write");
  const [removed] = await database.write([
    toStatement(
      database.builder
        .deleteFrom("notification")
        .where("id", "=", notificationId)
        .where("organization_id", "=", caller.organization.id)
        .returning("id"),
    ),
  ]);
  if ((removed ?? []).length === 0) throw notificationNotFound(notificationId);
}
