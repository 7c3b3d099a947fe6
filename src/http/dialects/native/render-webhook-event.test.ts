import { expect, test } from "vitest";
import { spellId } from "../../../contract/ids.ts";
import type { JsonObject } from "../../../contract/json.ts";
import { type WebhookEventType, webhookEventTypes } from "../../../contract/webhook.ts";
import { renderWebhookEvent } from "./render-webhook-event.ts";

const id = (digit: number) => `0195f3a0-0000-7000-8000-00000000000${digit}`;

function bodyOf(type: WebhookEventType, data: JsonObject): unknown {
  const { body } = renderWebhookEvent(id(9), { id: id(1), type, data, createdAt: Date.UTC(2026, 2, 15, 10, 30) });
  return JSON.parse(body);
}

const executionFacts = { executionId: id(2), agentId: id(3), conversationId: id(4), metadata: { order: "A-1" } };
const executionWire = {
  executionId: spellId("execution", id(2)),
  agentId: spellId("agent", id(3)),
  conversationId: spellId("conversation", id(4)),
  metadata: { order: "A-1" },
};

test("a completed execution has the documented body", () => {
  const facts = { ...executionFacts, status: "completed", output: "Hi", totalTokens: 231, durationMs: 1840 };
  expect(bodyOf("execution.completed", facts)).toEqual({
    id: spellId("webhookEvent", id(1)),
    type: "execution.completed",
    data: { ...executionWire, status: "completed", output: "Hi", usage: { totalTokens: 231 }, duration: 1840 },
    createdAt: "2026-03-15T10:30:00Z",
  });
});

test("a failed execution and a failed tool have the error", () => {
  const error = { code: "tool_timeout", message: "Too slow." };
  const wire = { type: "upstream_error", code: "tool_timeout", message: "Too slow." };
  expect(bodyOf("execution.failed", { ...executionFacts, error })).toMatchObject({
    data: { ...executionWire, error: wire },
  });
  expect(bodyOf("tool.error", { ...executionFacts, toolCallId: id(5), toolName: "clock", error })).toMatchObject({
    data: { toolCallId: spellId("toolCall", id(5)), toolName: "clock", error: wire },
  });
});

test("what is absent is left out, and facts that are not for receivers stay inside", () => {
  expect(bodyOf("key.revoked", { keyId: id(6), name: "CI" })).toMatchObject({
    data: { keyId: spellId("apiKey", id(6)), name: "CI" },
  });
  expect(bodyOf("execution.started", { executionId: id(2), conversationId: null, secret: "x" })).toEqual(
    expect.objectContaining({ data: { executionId: spellId("execution", id(2)) } }),
  );
  for (const type of webhookEventTypes) expect(bodyOf(type, {})).toMatchObject({ type, data: {} });
});

test("the same event gives the same text, and names the webhook natively", () => {
  const event = { id: id(1), type: "agent.created", data: { agentId: id(3), name: "A" }, createdAt: 0 } as const;
  expect(renderWebhookEvent(id(9), event)).toEqual(renderWebhookEvent(id(9), { ...event }));
  expect(renderWebhookEvent(id(9), event).webhookId).toBe(spellId("webhook", id(9)));
});
