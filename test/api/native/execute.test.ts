import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { executionSchema } from "../../../src/http/dialects/native/schemas/execution.ts";
import { bodyOf, createAgent, errorOf, execute, getExecution, untilEnd } from "./native-api.ts";
import { type NativePlatform, startNativePlatform } from "./native-platform.ts";

let native: NativePlatform;
let agentId: string;
beforeAll(async () => {
  native = await startNativePlatform();
  agentId = (await createAgent(native.api)).id;
});
afterAll(() => native[Symbol.asyncDispose]());

describe("executing an agent", () => {
  it("answers with the finished execution", async () => {
    const execution = await execute(native.api, agentId, "hello there");
    expect(execution).toMatchObject({
      status: "completed",
      output: "You said: hello there",
      toolCalls: [],
      metadata: {},
    });
    expect(execution.usage.totalTokens).toBe(execution.usage.inputTokens + execution.usage.outputTokens);
    expect(await getExecution(native.api, execution.id)).toEqual(execution);
  });

  it("ignores fields it does not know", async () => {
    const execution = await execute(native.api, agentId, "hello", { temperature: "hot", newer: { field: 1 } });
    expect(execution.status).toBe("completed");
  });

  it("answers 202 at once when asked to, with where to look", async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    native.platform.model.once([
      { type: "text", text: "a" },
      { type: "gate", until: gate },
      { type: "text", text: "b" },
    ]);
    const answer = await native.api.post(`/v1/agents/${agentId}/execute`, { input: "x" }, { prefer: "respond-async" });
    const execution = bodyOf(answer, 202, executionSchema);
    expect(execution).toMatchObject({ status: "running", toolCalls: [] });
    expect(answer.headers.get("location")).toBe(`/v1/executions/${execution.id}`);
    open();
    expect(await untilEnd(native.api, execution.id)).toMatchObject({ status: "completed", output: "ab" });
  });

  it("keeps session memory in the conversation without its being sent again", async () => {
    const { conversationId } = await execute(native.api, agentId, "first", {
      memory: { session: { userName: "Sarah" } },
    });
    native.platform.model.requests.length = 0;
    await execute(native.api, agentId, "second", { conversationId, memory: { session: { accountId: "ACC-1" } } });
    const [request] = native.platform.model.requests;
    expect(JSON.stringify(request)).toContain("Sarah");
    expect(JSON.stringify(request)).toContain("ACC-1");
    await execute(native.api, agentId, "third", { conversationId, memory: { session: { userName: null } } });
    expect(JSON.stringify(native.platform.model.requests.at(-1))).not.toContain("userName");
  });

  it("bounds what a conversation's session grows to", async () => {
    const keys = (from: number) => Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`k${from + n}`, n]));
    const { conversationId } = await execute(native.api, agentId, "first", { memory: { session: keys(0) } });
    const path = `/v1/agents/${agentId}/execute`;
    const over = { input: "second", conversationId, memory: { session: keys(40) } };
    const error = errorOf(await native.api.post(path, over), 422);
    expect(error).toMatchObject({ code: "invalid_field_value", param: "memory.session" });
    expect(error.message).toContain("80 keys");
    const large = { input: "third", conversationId, memory: { session: { k0: "x".repeat(32_700) } } };
    expect(errorOf(await native.api.post(path, large), 422).param).toBe("memory.session");
    const fewer = Object.fromEntries(Object.keys(keys(0)).map((key) => [key, null]));
    await execute(native.api, agentId, "fourth", { conversationId, memory: { session: fewer } });
    await execute(native.api, agentId, "fifth", { conversationId, memory: { session: keys(40) } });
  });

  it("echoes all metadata", async () => {
    const metadata = { source: "web-chat", attempt: 2, vip: true };
    expect((await execute(native.api, agentId, "hello", { metadata })).metadata).toEqual(metadata);
  });

  it("answers the model's failure with 502 and keeps the failed execution", async () => {
    native.platform.model.once([{ type: "status", status: 400, message: "no" }]);
    const error = errorOf(await native.api.post(`/v1/agents/${agentId}/execute`, { input: "x" }), 502);
    expect(error.type).toBe("upstream_error");
    if (error.executionId === undefined) throw new Error("the error names no execution");
    const execution = await getExecution(native.api, error.executionId);
    expect(execution).toMatchObject({ status: "failed", error: { type: error.type, code: error.code } });
    expect(execution.completedAt).toBeDefined();
  });

  it("answers an input that does not fit the model with 422", async () => {
    native.platform.model.once([{ type: "context-length" }]);
    const error = errorOf(await native.api.post(`/v1/agents/${agentId}/execute`, { input: "x" }), 422);
    expect(error).toMatchObject({ type: "validation_error", code: "context_length_exceeded" });
  });
});

describe("an execution is refused", () => {
  it.each([
    [{}, "missing_required_field", "input"],
    [{ input: "" }, "invalid_field_value", "input"],
    [{ input: " \n\t " }, "invalid_field_value", "input"],
    [{ input: null }, "invalid_field_value", "input"],
    [{ input: "a".repeat(200_001) }, "invalid_field_value", "input"],
    [{ input: "a\0b" }, "invalid_field_value", "input"],
    [{ input: "a\ud800b" }, "invalid_field_value", "input"],
    [{ input: "a", metadata: { "\udc00": 1 } }, "invalid_field_value", "metadata"],
    [{ input: "a", stream: "yes" }, "invalid_field_value", "stream"],
    [{ input: "a", memory: { session: [] } }, "invalid_field_value", "memory.session"],
    [
      { input: "a", memory: { session: Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`k${n}`, n])) } },
      "invalid_field_value",
      "memory.session",
    ],
    [{ input: "a", memory: { session: { big: "x".repeat(33_000) } } }, "invalid_field_value", "memory.session"],
    [{ input: "a", memoryStores: Array(9).fill("mem_x") }, "invalid_field_value", "memoryStores"],
    [{ input: "a", metadata: { nested: {} } }, "invalid_field_value", "metadata.nested"],
    [{ input: "a", metadata: { long: "x".repeat(513) } }, "invalid_field_value", "metadata.long"],
    [
      { input: "a", metadata: Object.fromEntries(Array.from({ length: 17 }, (_, n) => [`k${n}`, n])) },
      "invalid_field_value",
      "metadata",
    ],
  ])("with 400 for a body like %#", async (body, code, param) => {
    const error = errorOf(await native.api.post(`/v1/agents/${agentId}/execute`, body), 400);
    expect(error).toMatchObject({ type: "invalid_request_error", code, param });
  });

  it("with 404 for what does not exist, and starts nothing", async () => {
    const other = agentId.slice(0, -4) + "0000";
    expect(errorOf(await native.api.post(`/v1/agents/${other}/execute`, { input: "a" }), 404).code).toBe(
      "agent_not_found",
    );
    expect(errorOf(await native.api.post("/v1/agents/nonsense/execute", { input: "a" }), 404).code).toBe(
      "agent_not_found",
    );
    for (const conversationId of ["conv_nonsense", `conv_${other.slice(4)}`]) {
      const error = errorOf(
        await native.api.post(`/v1/agents/${agentId}/execute`, { input: "a", conversationId }),
        404,
      );
      expect(error.code).toBe("conversation_not_found");
    }
    const stores = [`mem_${other.slice(4)}`];
    const error = errorOf(
      await native.api.post(`/v1/agents/${agentId}/execute`, { input: "a", memoryStores: stores }),
      404,
    );
    expect(error.code).toBe("memory_store_not_found");
  });

  it("with 409 while the agent is paused", async () => {
    const paused = await createAgent(native.api);
    await native.api.patch(`/v1/agents/${paused.id}`, { status: "paused" });
    const error = errorOf(await native.api.post(`/v1/agents/${paused.id}/execute`, { input: "a" }), 409);
    expect(error).toMatchObject({ type: "conflict_error", code: "agent_paused" });
    const missing = { input: "a", conversationId: `conv_${paused.id.slice(4)}` };
    const first = errorOf(await native.api.post(`/v1/agents/${paused.id}/execute`, missing), 404);
    expect(first.code).toBe("conversation_not_found");
    const store = { input: "a", memoryStores: [`mem_${paused.id.slice(4)}`] };
    const second = errorOf(await native.api.post(`/v1/agents/${paused.id}/execute`, store), 404);
    expect(second.code).toBe("memory_store_not_found");
    await native.api.patch(`/v1/agents/${paused.id}`, { status: "active" });
    expect((await execute(native.api, paused.id, "a")).status).toBe("completed");
  });

  it("for another organization as if nothing were there", async () => {
    const stranger = await native.stranger();
    expect(errorOf(await stranger.post(`/v1/agents/${agentId}/execute`, { input: "a" }), 404).code).toBe(
      "agent_not_found",
    );
    const { conversationId, id } = await execute(native.api, agentId, "mine");
    expect(errorOf(await stranger.get(`/v1/executions/${id}`), 404).code).toBe("execution_not_found");
    const theirs = await createAgent(stranger);
    const error = errorOf(await stranger.post(`/v1/agents/${theirs.id}/execute`, { input: "a", conversationId }), 404);
    expect(error.code).toBe("conversation_not_found");
  });
});
