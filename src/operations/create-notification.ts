import { newId } from "../contract/ids.ts";
import type { Notification } from "../contract/user.ts";
import { toStatement } from "../store/database.ts";
import { commitOnce } from "./idempotent-commit.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";
import { noteUser } from "./user-row.ts";

/** For a user of the caller's organization, who is there from then on if not before. */
export async function createNotification(
  parts: Pick<OperationParts, "database" | "secrets" | "now">,
  caller: Caller,
  request: { userId: string; title: string; body: string; kind: string },
): Promise<Notification> {
  requireScope(caller, "agents:write");
  const { database } = parts;
  const organizationId = caller.organization.id;
  const now = parts.now();
  const notification: Notification = { id: newId(), organizationId, ...request, readAt: null, createdAt: now };
  const insert = database.builder.insertInto("notification").values({
    id: notification.id,
    organization_id: organizationId,
    user_id: request.userId,
    title: request.title,
    body: request.body,
    kind: request.kind,
    read_at: null,
    created_at: now,
  });
  const user = noteUser(database, { organizationId, userId: request.userId, now });
  await commitOnce(parts, caller, [user, toStatement(insert)], notification);
  return notification;
}
