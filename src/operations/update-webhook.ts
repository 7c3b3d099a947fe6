import type { Id } from "../contract/ids.ts";
import type { Webhook, WebhookEventType } from "../contract/webhook.ts";
import { toStatement } from "../store/database.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";
import { readWebhook, refuseAddress, requireWebhook, webhookNotFound } from "./webhook-row.ts";

/** Switching a webhook on again, or giving it another URL, forgets its failures. */
export async function updateWebhook(
  parts: Pick<OperationParts, "database" | "checkUrl">,
  caller: Caller,
  webhookId: Id,
  change: { url?: string; events?: WebhookEventType[]; status?: "active" | "disabled" },
): Promise<Webhook> {
  requireScope(caller, "webhooks:manage");
  const { database } = parts;
  const { url, events, status } = change;
  const organizationId = caller.organization.id;
  const webhook = await requireWebhook(database, organizationId, webhookId);
  if (url !== undefined) refuseAddress(parts, url);
  if (url === undefined && events === undefined && status === undefined) return webhook;
  const [rows] = await database.write([
    toStatement(
      database.builder
        .updateTable("webhook")
        .set({
          ...(url === undefined ? {} : { url }),
          ...(events === undefined ? {} : { events: JSON.stringify(events) }),
          ...(status === undefined ? {} : { status }),
          ...(url === undefined && status !== "active" ? {} : { failing_since: null }),
        })
        .where("id", "=", webhookId)
        .where("organization_id", "=", organizationId)
        .returningAll(),
    ),
  ]);
  const [row] = rows ?? [];
  if (row === undefined) throw webhookNotFound(webhookId); // deleted meanwhile
  return readWebhook(row);
}
