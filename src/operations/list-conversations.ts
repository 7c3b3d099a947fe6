import type { Conversation } from "../contract/conversation.ts";
import type { Id } from "../contract/ids.ts";
import type { Page, PageRequest } from "../contract/page.ts";
import { toStatement } from "../store/database.ts";
import { oldestActivity, readConversation } from "./conversation-rows.ts";
import type { Caller } from "./operations.ts";
import { cutPage, pageBounds } from "./paging.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";

export async function listConversations(
  { database, plans, now }: Pick<OperationParts, "database" | "plans" | "now">,
  caller: Caller,
  filter: { agentId?: Id },
  page: PageRequest,
): Promise<Page<Conversation>> {
  requireScope(caller, "agents:execute");
  let query = database.builder
    .selectFrom("conversation")
    .selectAll()
    .where("organization_id", "=", caller.organization.id);
  if (filter.agentId !== undefined) query = query.where("agent_id", "=", filter.agentId);
  const { retentionDays } = plans[caller.organization.plan];
  if (retentionDays !== null) query = query.where("last_active_at", ">=", oldestActivity(retentionDays, now()));
  const { items, hasMore } = cutPage(await database.read(toStatement(pageBounds(query, page))), page);
  return { items: items.map(readConversation), hasMore };
}
