import type { Id } from "../contract/ids.ts";
import type { Webhook } from "../contract/webhook.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";
import { requireWebhook } from "./webhook-row.ts";

export async function getWebhook(
  { database }: Pick<OperationParts, "database">,
  caller: Caller,
  webhookId: Id,
): Promise<Webhook> {
  requireScope(caller, "webhooks:manage");
  return requireWebhook(database, caller.organization.id, webhookId);
}
