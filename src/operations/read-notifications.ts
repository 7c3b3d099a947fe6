import type { Id } from "../contract/ids.ts";
import { toStatement } from "../store/database.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";

/** Databases take so many parameters at the least. */
const idsPerStatement = 500;

/** Marks notifications of the caller's organization as read; ids of none are passed over. @returns how many were unread */
export async function readNotifications(
  { database, now }: Pick<OperationParts, "database" | "now">,
  caller: Caller,
  notificationIds: readonly Id[],
): Promise<number> {
  requireScope(caller, "agents:write");
  const wanted = [...new Set(notificationIds)];
  const at = now();
  const unit = [];
  for (let from = 0; from < wanted.length; from += idsPerStatement) {
    const update = database.builder
      .updateTable("notification")
      .set({ read_at: at })
      .where("organization_id", "=", caller.organization.id)
      .where("id", "in", wanted.slice(from, from + idsPerStatement))
      .where("read_at", "is", null)
      .returning("id");
    unit.push(toStatement(update));
  }
  if (unit.length === 0) return 0;
  const results = await database.write(unit);
  return results.reduce((count, rows) => count + rows.length, 0);
}
