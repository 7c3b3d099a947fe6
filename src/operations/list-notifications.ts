import type { Page, PageRequest } from "../contract/page.ts";
import type { Notification } from "../contract/user.ts";
import { toStatement } from "../store/database.ts";
import { readNotification } from "./notification-row.ts";
import type { Caller } from "./operations.ts";
import { cutPage, pageBounds } from "./paging.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";

/** @param filter.userId default: the key's own user */
export async function listNotifications(
  { database }: Pick<OperationParts, "database">,
  caller: Caller,
  filter: { userId?: string },
  page: PageRequest,
): Promise<Page<Notification>> {
  requireScope(caller, "agents:read");
  const query = database.builder
    .selectFrom("notification")
    .selectAll()
    .where("organization_id", "=", caller.organization.id)
    .where("user_id", "=", filter.userId ?? caller.organization.id);
  const { items, hasMore } = cutPage(await database.read(toStatement(pageBounds(query, page))), page);
  return { items: items.map(readNotification), hasMore };
}
