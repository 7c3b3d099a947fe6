import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  conversationSchema,
  conversationSummarySchema,
} from "../../../src/http/dialects/native/schemas/conversation.ts";
import { pageSchema } from "../../../src/http/dialects/native/schemas/page.ts";
import { bodyOf, createAgent, errorOf, execute, executeInBackground, getExecution, untilEnd } from "./native-api.ts";
import { type NativePlatform, startNativePlatform } from "./native-platform.ts";

let native: NativePlatform;
let agentId: string;
beforeAll(async () => {
  native = await startNativePlatform();
  agentId = (await createAgent(native.api, { tools: ["calculator"] })).id;
});
afterAll(() => native[Symbol.asyncDispose]());

const read = async (id: string | null) =>
  bodyOf(await native.api.get(`/v1/conversations/${id}`), 200, conversationSchema);

describe("a conversation", () => {
  it("holds both sides of each exchange, oldest first, and counts", async () => {
    const first = await execute(native.api, agentId, "one");
    const { conversationId } = first;
    const second = await execute(native.api, agentId, 'call calculator {"expression":"1+1"}', { conversationId });
    const third = await execute(native.api, agentId, "three", { conversationId });
    const conversation = await read(conversationId);
    expect(conversation).toMatchObject({ id: conversationId, agentId, turnCount: 6 });
    expect(conversation.tokenCount).toBe(first.usage.totalTokens + second.usage.totalTokens + third.usage.totalTokens);
    expect(conversation.turns.map(({ role, content }) => [role, content])).toEqual([
      ["user", "one"],
      ["assistant", first.output],
      ["user", 'call calculator {"expression":"1+1"}'],
      ["assistant", second.output],
      ["user", "three"],
      ["assistant", third.output],
    ]);
    expect(conversation.turns[3]?.toolCalls).toEqual(second.toolCalls);
    expect(conversation.turns[1]).not.toHaveProperty("toolCalls");
    expect(conversation.lastActiveAt >= conversation.createdAt).toBe(true);
  });

  it("is shown to the model", async () => {
    const { conversationId } = await execute(native.api, agentId, "remember the word heron");
    native.platform.model.requests.length = 0;
    await execute(native.api, agentId, "what was it?", { conversationId });
    expect(JSON.stringify(native.platform.model.requests[0])).toContain("heron");
  });

  it("can be shared with another agent, and stays its opener's", async () => {
    const other = await createAgent(native.api);
    const { conversationId } = await execute(native.api, agentId, "one");
    await execute(native.api, other.id, "two", { conversationId });
    expect(await read(conversationId)).toMatchObject({ agentId, turnCount: 4 });
  });

  it("takes its executions one after the other in the order they came", async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const { conversationId } = await execute(native.api, agentId, "zero");
    native.platform.model.once([
      { type: "gate", until: gate },
      { type: "text", text: "answer one" },
    ]);
    const one = await executeInBackground(native.api, agentId, "one", { conversationId });
    const two = await executeInBackground(native.api, agentId, "two", { conversationId });
    expect((await getExecution(native.api, two.id)).status).toBe("running");
    open();
    await untilEnd(native.api, one.id);
    await untilEnd(native.api, two.id);
    const { turns } = await read(conversationId);
    expect(turns.filter(({ role }) => role === "user").map(({ content }) => content)).toEqual(["zero", "one", "two"]);
  });

  it("lets eight wait and no more", async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const { conversationId } = await execute(native.api, agentId, "zero");
    native.platform.model.once([
      { type: "gate", until: gate },
      { type: "text", text: "at last" },
    ]);
    const started = [];
    for (let index = 0; index < 9; index += 1) {
      started.push(await executeInBackground(native.api, agentId, `x${index}`, { conversationId }));
    }
    const error = errorOf(await native.api.post(`/v1/agents/${agentId}/execute`, { input: "y", conversationId }), 409);
    expect(error.code).toBe("conversation_busy");
    open();
    for (const { id } of started) expect((await untilEnd(native.api, id)).status).toBe("completed");
  });

  it("keeps no turns of a failed run", async () => {
    const { conversationId } = await execute(native.api, agentId, "one");
    native.platform.model.once([{ type: "status", status: 400, message: "no" }]);
    errorOf(await native.api.post(`/v1/agents/${agentId}/execute`, { input: "two", conversationId }), 502);
    expect((await read(conversationId)).turnCount).toBe(2);
  });
});

describe("deleting a conversation", () => {
  it("takes it away for good and empties its executions", async () => {
    const { id, conversationId } = await execute(native.api, agentId, "a secret");
    const answer = await native.api.delete(`/v1/conversations/${conversationId}`);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ id: conversationId, deleted: true });
    for (const again of [
      await native.api.get(`/v1/conversations/${conversationId}`),
      await native.api.delete(`/v1/conversations/${conversationId}`),
      await native.api.post(`/v1/agents/${agentId}/execute`, { input: "x", conversationId }),
    ]) {
      expect(errorOf(again, 404)).toMatchObject({ type: "not_found_error", code: "conversation_not_found" });
    }
    const left = await native.api.get(`/v1/executions/${id}`);
    expect(left.status).toBe(200);
    expect(left.text).not.toContain("secret");
    expect(left.body).toMatchObject({ output: "" });
  });

  it("cancels what runs in it first", async () => {
    native.platform.model.once([{ type: "stall" }]);
    const { id, conversationId } = await executeInBackground(native.api, agentId, "x");
    expect((await native.api.delete(`/v1/conversations/${conversationId}`)).status).toBe(200);
    expect((await getExecution(native.api, id)).status).toBe("cancelled");
  });
});

describe("listing conversations", () => {
  it("shows them without turns, by agent if asked to", async () => {
    const other = await createAgent(native.api);
    const { conversationId } = await execute(native.api, other.id, "one");
    const answer = await native.api.get(`/v1/conversations?agentId=${other.id}`);
    const { data } = bodyOf(answer, 200, pageSchema(conversationSummarySchema));
    expect(data.map(({ id }) => id)).toEqual([conversationId]);
    expect(answer.text).not.toContain('"turns"');
    expect(errorOf(await native.api.get("/v1/conversations?limit=0"), 400).param).toBe("limit");
  });

  it("shows and deletes nothing for another organization", async () => {
    const { conversationId } = await execute(native.api, agentId, "one");
    const stranger = await native.stranger();
    expect((await stranger.get("/v1/conversations")).body).toEqual({ data: [], hasMore: false });
    expect(errorOf(await stranger.get(`/v1/conversations/${conversationId}`), 404).code).toBe("conversation_not_found");
    expect(errorOf(await stranger.delete(`/v1/conversations/${conversationId}`), 404).code).toBe(
      "conversation_not_found",
    );
    expect((await read(conversationId)).turnCount).toBe(2);
  });
});
