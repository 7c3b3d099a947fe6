import { z } from "zod";
import { webhookEventTypeSchema } from "../../../../contract/webhook.ts";
import { timeSchema, webAddressSchema } from "./text.ts";

const events = z
  .array(webhookEventTypeSchema)
  .min(1)
  .refine((types) => new Set(types).size === types.length, { error: "a list without duplicates" });
const status = z.enum(["active", "disabled"]);

export const createWebhookSchema = z
  .object({
    url: webAddressSchema,
    events,
    agentId: z.string().optional().describe("Narrows execution and agent events to one agent."),
  })
  .meta({ id: "CreateWebhookRequest" });

export const updateWebhookSchema = z
  .object({ url: webAddressSchema, events, status })
  .partial()
  .meta({ id: "UpdateWebhookRequest" });

export const webhookSchema = z
  .object({
    id: z.string(),
    url: z.string(),
    events: z.array(webhookEventTypeSchema),
    agentId: z.string().optional(),
    status,
    createdAt: timeSchema,
  })
  .meta({ id: "Webhook" });
export type WireWebhook = z.infer<typeof webhookSchema>;

export const createdWebhookSchema = webhookSchema
  .extend({ secret: z.string().describe("Signs the deliveries; shown only here.") })
  .meta({ id: "CreatedWebhook" });
export type WireCreatedWebhook = z.infer<typeof createdWebhookSchema>;
