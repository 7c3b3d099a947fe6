import { expect, it } from "vitest";
import { z } from "zod";
import { executionSchema } from "../../../src/http/dialects/native/schemas/execution.ts";
import { startToolServer } from "../../support/tool-server.ts";
import { bodyOf, createAgent, execute } from "./native-api.ts";
import { startNativePlatform } from "./native-platform.ts";

/** The public page of the Execution API, request for request. */

it("executes an agent as the page shows it, field by field", async () => {
  await using tools = await startToolServer();
  await using native = await startNativePlatform({ allowPrivateNetwork: [new URL(tools.url).host] });
  const { api, platform } = native;
  const result = { status: "shipped", trackingNumber: "1Z999AA1" };
  const agent = await createAgent(api, {
    tools: [
      {
        name: "lookup_order",
        description: "Looks an order up.",
        parameters: { type: "object", properties: { orderId: { type: "string" } }, required: ["orderId"] },
        handler: `${tools.url}/lookup?body=${encodeURIComponent(JSON.stringify(result))}`,
      },
    ],
  });
  const { id: storeId } = bodyOf(
    await api.post("/v1/memory-stores", { name: "Facts" }),
    201,
    z.object({ id: z.string().startsWith("mem_") }),
  );
  const { conversationId } = await execute(api, agent.id, "Hello.");
  platform.model.once([
    { type: "tool-call", name: "lookup_order", arguments: { orderId: "ORD-12345" } },
    { type: "usage", usage: { inputTokens: 60, outputTokens: 20 } },
  ]);
  platform.model.once([
    { type: "text", text: ["I'd be happy to help", " you check on order #12345"] },
    { type: "usage", usage: { inputTokens: 82, outputTokens: 69 } },
  ]);
  const answer = await api.post(`/v1/agents/${agent.id}/execute`, {
    input: "What is the status of order #12345?",
    conversationId,
    stream: false,
    memory: { session: { userName: "Sarah", accountId: "ACC-789" } },
    memoryStores: [storeId],
    metadata: { source: "web-chat", sessionId: "sess_xyz" },
  });
  const execution = bodyOf(answer, 200, executionSchema.required({ completedAt: true }));
  expect(execution).toEqual({
    id: expect.stringMatching(/^exec_[a-z0-9]+$/),
    agentId: agent.id,
    conversationId,
    status: "completed",
    input: "What is the status of order #12345?",
    output: "I'd be happy to help you check on order #12345",
    toolCalls: [
      {
        id: expect.stringMatching(/^tc_[a-z0-9]+$/),
        name: "lookup_order",
        parameters: { orderId: "ORD-12345" },
        result,
        duration: expect.any(Number),
      },
    ],
    usage: { inputTokens: 142, outputTokens: 89, totalTokens: 231, cacheReadTokens: 0, cacheWriteTokens: 0 },
    timing: { totalMs: expect.any(Number), firstTokenMs: expect.any(Number), toolCallMs: expect.any(Number) },
    metadata: { source: "web-chat", sessionId: "sess_xyz" },
    createdAt: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/),
    completedAt: expect.stringMatching(/Z$/),
  });
  expect(execution.timing.toolCallMs).toBeLessThanOrEqual(execution.timing.totalMs);
  const again = await api.get(`/v1/executions/${execution.id}`);
  expect(again.body).toEqual(answer.body);
});

it("takes the page's queries", async () => {
  await using native = await startNativePlatform();
  const agent = await createAgent(native.api);
  const first = await execute(native.api, agent.id, "one");
  await execute(native.api, agent.id, "two");
  const schema = z.object({ data: z.array(executionSchema), hasMore: z.boolean() });
  const list = async (query: string) => bodyOf(await native.api.get(`/v1/executions?${query}`), 200, schema).data;
  expect(await list(`agentId=${agent.id}&status=completed&limit=50`)).toHaveLength(2);
  const today = new Date().toISOString().slice(0, 10);
  expect(await list(`after=${first.id}&startDate=2026-03-01&endDate=${today}`)).toHaveLength(0);
});
