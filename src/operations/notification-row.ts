import { RunyardError } from "../contract/errors.ts";
import type { Id } from "../contract/ids.ts";
import type { Notification } from "../contract/user.ts";
import type { Row } from "../store/statement.ts";

export function readNotification(row: Row): Notification {
  return {
    id: row["id"] as string,
    organizationId: row["organization_id"] as string,
    userId: row["user_id"] as string,
    title: row["title"] as string,
    body: row["body"] as string,
    kind: row["kind"] as string,
    readAt: row["read_at"] as number | null,
    createdAt: row["created_at"] as number,
  };
}

export function notificationNotFound(notificationId: Id): RunyardError {
  return new RunyardError("notification_not_found", `There is no notification ${notificationId}.`);
}
