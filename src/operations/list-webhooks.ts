import type { Page, PageRequest } from "../contract/page.ts";
import type { Webhook } from "../contract/webhook.ts";
import { toStatement } from "../store/database.ts";
import type { Caller } from "./operations.ts";
import { cutPage, pageBounds } from "./paging.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";
import { readWebhook } from "./webhook-row.ts";

export async function listWebhooks(
  { database }: Pick<OperationParts, "database">,
  caller: Caller,
  page: PageRequest,
): Promise<Page<Webhook>> {
  requireScope(caller, "webhooks:manage");
  const query = database.builder
    .selectFrom("webhook")
    .selectAll()
    .where("organization_id", "=", caller.organization.id);
  const { items, hasMore } = cutPage(await database.read(toStatement(pageBounds(query, page))), page);
  return { items: items.map(readWebhook), hasMore };
}
