import type { Id } from "../contract/ids.ts";
import type { Subscription } from "../contract/ledger.ts";
import type { Page, PageRequest } from "../contract/page.ts";
import { toStatement } from "../store/database.ts";
import type { Caller } from "./operations.ts";
import { cutPage, pageBounds } from "./paging.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";
import { readSubscription } from "./subscription-row.ts";

export async function listSubscriptions(
  { database, now }: Pick<OperationParts, "database" | "now">,
  caller: Caller,
  filter: { agentId?: Id; userId?: string },
  page: PageRequest,
): Promise<Page<Subscription>> {
  requireScope(caller, "agents:read");
  let query = database.builder
    .selectFrom("subscription")
    .selectAll()
    .where("organization_id", "=", caller.organization.id);
  if (filter.agentId !== undefined) query = query.where("agent_id", "=", filter.agentId);
  if (filter.userId !== undefined) query = query.where("user_id", "=", filter.userId);
  const { items, hasMore } = cutPage(await database.read(toStatement(pageBounds(query, page))), page);
  const at = now();
  return { items: items.map((row) => readSubscription(row, at)), hasMore };
}
