import { expect, it } from "vitest";
import { newId, spellId } from "../../../contract/ids.ts";
import { renderWebhookEvent } from "./render-webhook-event.ts";

const executionId = newId();
const agentId = newId();
const webhookId = newId();
const event = { id: newId(), createdAt: Date.UTC(2026, 2, 15, 10, 30) };

it("spells ids, names durations as the wire does and leaves out what is null", () => {
  const delivery = renderWebhookEvent(webhookId, {
    ...event,
    type: "execution.completed",
    data: {
      executionId,
      agentId,
      conversationId: null,
      status: "completed",
      output: "Done.",
      totalTokens: 120,
      durationMs: 1234,
      metadata: { source: "web-chat" },
    },
  });
  expect(delivery.webhookId).toBe(spellId("webhook", webhookId));
  expect(JSON.parse(delivery.body)).toEqual({
    id: spellId("webhookEvent", event.id),
    type: "execution.completed",
    data: {
      executionId: spellId("execution", executionId),
      agentId: spellId("agent", agentId),
      status: "completed",
      output: "Done.",
      usage: { totalTokens: 120 },
      duration: 1234,
      metadata: { source: "web-chat" },
    },
    createdAt: "2026-03-15T10:30:00Z",
  });
});

it("shows an error as an execution shows it", () => {
  const error = { code: "tool_timeout", message: "No answer." };
  const { body } = renderWebhookEvent(webhookId, {
    ...event,
    type: "tool.error",
    data: { executionId, toolName: "lookup", error },
  });
  expect(JSON.parse(body)).toMatchObject({ data: { toolName: "lookup", error: { type: "upstream_error", ...error } } });
});
