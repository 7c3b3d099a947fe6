import { spellId } from "../../../contract/ids.ts";
import type { Webhook } from "../../../contract/webhook.ts";
import type { WireCreatedWebhook, WireWebhook } from "./schemas/webhook.ts";
import { renderTime } from "./time.ts";

export function renderWebhook(webhook: Webhook): WireWebhook {
  return {
    id: spellId("webhook", webhook.id),
    url: webhook.url,
    events: webhook.events,
    ...(webhook.agentId !== undefined && { agentId: spellId("agent", webhook.agentId) }),
    status: webhook.status,
    createdAt: renderTime(webhook.createdAt),
  };
}

export function renderCreatedWebhook(created: { webhook: Webhook; secret: string }): WireCreatedWebhook {
  return { ...renderWebhook(created.webhook), secret: created.secret };
}
