import { z } from "zod";
import { type ErrorCode, errorCatalogue } from "../../../contract/errors.ts";
import { type Id, type IdKind, spellId } from "../../../contract/ids.ts";
import { type Json, jsonObjectSchema, type JsonObject, jsonSchema } from "../../../contract/json.ts";
import type { WebhookEvent } from "../../../contract/webhook.ts";
import { renderExecutionError } from "./render-error.ts";
import { renderOutput } from "./render-execution.ts";
import { renderTime } from "./time.ts";

/**
 * A delivery as receivers get it: the body, and the webhook as its header names it. The same event always gives the same
 * text, because a repeated delivery is the same one.
 */
export function renderWebhookEvent(webhookId: Id, event: WebhookEvent): { webhookId: string; body: string } {
  const { id, type, createdAt } = event;
  const body = {
    id: spellId("webhookEvent", id),
    type,
    data: renderData(factsSchema.parse(event.data)),
    createdAt: renderTime(createdAt),
  };
  return { webhookId: spellId("webhook", webhookId), body: JSON.stringify(body) };
}

/** What operations put into the outbox, see operations/outbox.ts. */
const factsSchema = z.object({
  executionId: z.string().optional(),
  agentId: z.string().nullish(),
  conversationId: z.string().nullish(),
  keyId: z.string().optional(),
  name: z.string().optional(),
  toolCallId: z.string().optional(),
  toolName: z.string().optional(),
  status: z.string().optional(),
  output: jsonSchema.optional(),
  error: z
    .object({
      code: z.custom<ErrorCode>((code) => typeof code === "string" && code in errorCatalogue),
      message: z.string(),
    })
    .optional(),
  totalTokens: z.int().optional(),
  durationMs: z.int().optional(),
  metadata: jsonObjectSchema.optional(),
});

function renderData(facts: z.infer<typeof factsSchema>): JsonObject {
  const data: Record<string, Json | undefined> = {
    executionId: spelled("execution", facts.executionId),
    agentId: spelled("agent", facts.agentId),
    conversationId: spelled("conversation", facts.conversationId),
    keyId: spelled("apiKey", facts.keyId),
    name: facts.name,
    toolCallId: spelled("toolCall", facts.toolCallId),
    toolName: facts.toolName,
    status: facts.status,
    output: facts.output === undefined ? undefined : renderOutput(facts.output),
    error: facts.error === undefined ? undefined : renderExecutionError(facts.error),
    usage: facts.totalTokens === undefined ? undefined : { totalTokens: facts.totalTokens },
    duration: facts.durationMs,
    metadata: facts.metadata,
  };
  const present: JsonObject = {};
  for (const [key, value] of Object.entries(data)) if (value !== undefined) present[key] = value;
  return present;
}

function spelled(kind: IdKind, id: Id | null | undefined): string | undefined {
  return id === null || id === undefined ? undefined : spellId(kind, id);
}
