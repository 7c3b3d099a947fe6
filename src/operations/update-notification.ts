import type { Id } from "../contract/ids.ts";
import type { Notification } from "../contract/user.ts";
import { toStatement } from "../store/database.ts";
import { notificationNotFound, readNotification } from "./notification-row.ts";
import type { Caller, NotificationChange } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";

/** One that was read keeps the time at which it was. @throws `notification_not_found` */
export async function updateNotification(
  { database, now }: Pick<OperationParts, "database" | "now">,
  caller: Caller,
  notificationId: Id,
  change: NotificationChange,
): Promise<Notification> {
  requireScope(caller, "agents:write");
  const { isRead, title, body, kind } = change;
  const at = now();
  const [rows] = await database.write([
    toStatement(
      database.builder
        .updateTable("notification")
        .set((fields) => ({
          ...(title !== undefined && { title }),
          ...(body !== undefined && { body }),
          ...(kind !== undefined && { kind }),
          read_at:
            isRead === undefined
              ? fields.ref("read_at")
              : isRead
                ? fields.fn.coalesce("read_at", fields.val(at))
                : null,
        }))
        .where("id", "=", notificationId)
        .where("organization_id", "=", caller.organization.id)
        .returningAll(),
    ),
  ]);
  const [row] = rows ?? [];
  if (row === undefined) throw notificationNotFound(notificationId);
  return readNotification(row);
}
