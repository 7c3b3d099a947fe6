import { randomBytes } from "node:crypto";
import { type Id, newId } from "../contract/ids.ts";
import type { Webhook, WebhookEventType } from "../contract/webhook.ts";
import { toStatement } from "../store/database.ts";
import { requireAgent } from "./agent-row.ts";
import { commitOnce } from "./idempotent-commit.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";
import { webhookInterest } from "./webhook-interest.ts";
import { refuseAddress, webhookSecretPlace } from "./webhook-row.ts";

export async function createWebhook(
  parts: Pick<OperationParts, "database" | "secrets" | "now" | "checkUrl">,
  caller: Caller,
  request: { url: string; events: WebhookEventType[]; agentId?: Id },
): Promise<{ webhook: Webhook; secret: string }> {
  requireScope(caller, "webhooks:manage");
  refuseAddress(parts, request.url);
  const { database, secrets, now } = parts;
  const organizationId = caller.organization.id;
  if (request.agentId !== undefined) await requireAgent(database, organizationId, request.agentId);
  const id = newId();
  const webhook: Webhook = {
    id,
    organizationId,
    url: request.url,
    events: request.events,
    agentId: request.agentId,
    status: "active",
    createdAt: now(),
  };
  const secret = `whsec_${randomBytes(32).toString("base64url")}`;
  const insert = toStatement(
    database.builder.insertInto("webhook").values({
      id,
      organization_id: organizationId,
      url: webhook.url,
      events: JSON.stringify(webhook.events),
      agent_id: webhook.agentId ?? null,
      status: webhook.status,
      sealed_secret: await secrets.seal(organizationId, secret, webhookSecretPlace(id)),
      failing_since: null,
      created_at: webhook.createdAt,
    }),
  );
  const interest = webhookInterest(database);
  interest.changed(organizationId);
  await commitOnce(parts, caller, [insert], { webhook, secret });
  interest.changed(organizationId);
  return { webhook, secret };
}
