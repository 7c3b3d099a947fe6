import { z } from "zod";
import type { Id } from "./ids.ts";
import type { JsonObject } from "./json.ts";

export const webhookEventTypes = [
  "execution.started",
  "execution.completed",
  "execution.failed",
  "execution.cancelled",
  "tool.called",
  "tool.error",
  "agent.created",
  "agent.updated",
  "agent.deleted",
  "key.created",
  "key.revoked",
] as const;
export const webhookEventTypeSchema = z.enum(webhookEventTypes);
export type WebhookEventType = z.infer<typeof webhookEventTypeSchema>;

export interface Webhook {
  id: Id;
  organizationId: Id;
  url: string;
  events: WebhookEventType[];
  /** Narrows execution and agent events to one agent. */
  agentId: Id | undefined;
  status: "active" | "disabled";
  createdAt: number;
}

/** What happened, told once to every webhook that asked for it. */
export interface WebhookEvent {
  id: Id;
  type: WebhookEventType;
  data: JsonObject;
  createdAt: number;
}
