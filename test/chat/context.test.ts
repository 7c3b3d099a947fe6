import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { z } from "zod";
import { bodyOf, createAgent, execute, executeInBackground } from "../api/native/native-api.ts";
import { type ChatPlatform, messagesOf, startChatPlatform } from "./chat-platform.ts";

let native: ChatPlatform;
beforeAll(async () => {
  native = await startChatPlatform();
});
afterAll(() => native[Symbol.asyncDispose]());
beforeEach(() => {
  native.platform.model.requests.length = 0;
});

const lastMessages = () => messagesOf(native.platform.model.requests.at(-1));
const systemText = () =>
  lastMessages()
    .filter(({ role }) => role === "system" || role === "developer")
    .map(({ content }) => content)
    .join("\n");

it("the newest turns within maxTurns go to the model, oldest first", async () => {
  const agent = await createAgent(native.api, { memory: { enabled: true, maxTurns: 2 } });
  const { conversationId } = await execute(native.api, agent.id, "first");
  await execute(native.api, agent.id, "second", { conversationId });
  await execute(native.api, agent.id, "third", { conversationId });
  const texts = lastMessages()
    .filter(({ role }) => role !== "system" && role !== "developer")
    .map(({ content }) => content);
  expect(texts).toEqual(["second", "You said: second", "third"]);
});

it("the user begins and the sides alternate, wherever the newest turns begin and whatever had no answer", async () => {
  const agent = await createAgent(native.api, { memory: { enabled: true, maxTurns: 3 } });
  const dialogue = () => lastMessages().filter(({ role }) => role !== "system" && role !== "developer");
  const { conversationId } = await execute(native.api, agent.id, "first");
  await execute(native.api, agent.id, "second", { conversationId });
  await execute(native.api, agent.id, "third", { conversationId });
  expect(dialogue()).toEqual([
    { role: "user", content: expect.stringContaining("left out") },
    { role: "assistant", content: "You said: first" },
    { role: "user", content: "second" },
    { role: "assistant", content: "You said: second" },
    { role: "user", content: "third" },
  ]);

  native.platform.model.once([{ type: "stall" }]);
  const unanswered = await executeInBackground(native.api, agent.id, "fourth", { conversationId });
  expect((await native.api.post(`/v1/executions/${unanswered.id}/cancel`)).status).toBe(200);
  native.platform.model.once([]);
  await execute(native.api, agent.id, "fifth", { conversationId });
  await execute(native.api, agent.id, "sixth", { conversationId });
  const { body } = await native.api.get(`/v1/conversations/${conversationId}`);
  expect(body).toMatchObject({ turnCount: 11 });
  expect(dialogue()).toEqual([{ role: "user", content: "fourth\n\nfifth\n\nsixth" }]);
});

it("without memory only the input goes to the model, and the turns are kept all the same", async () => {
  const agent = await createAgent(native.api, { memory: { enabled: false, maxTurns: 10 } });
  const { conversationId } = await execute(native.api, agent.id, "first");
  await execute(native.api, agent.id, "second", { conversationId });
  expect(lastMessages().filter(({ role }) => role === "user")).toHaveLength(1);
  const { body } = await native.api.get(`/v1/conversations/${conversationId}`);
  expect(body).toMatchObject({ turnCount: 4 });
});

it("older turns go as a summary that each turn enters once", async () => {
  const agent = await createAgent(native.api, { memory: { enabled: true, maxTurns: 2, summarize: true } });
  const summarized: string[] = [];
  native.platform.model.script((request) => {
    const system = messagesOf(request)[0]?.content ?? "";
    if (!system.startsWith("Sum up")) return [{ type: "text", text: `re: ${request.lastUserText}` }];
    summarized.push(request.lastUserText);
    return [{ type: "text", text: `SUMMARY ${summarized.length}` }];
  });
  const { conversationId } = await execute(native.api, agent.id, "alpha");
  await execute(native.api, agent.id, "beta", { conversationId });
  expect(summarized).toEqual([]);
  const third = await execute(native.api, agent.id, "gamma", { conversationId });
  expect(summarized).toHaveLength(1);
  expect(summarized[0]).toContain("user: alpha");
  expect(summarized[0]).not.toContain("beta");
  expect(systemText()).toContain("SUMMARY 1");
  expect(third.output).toBe("re: gamma");
  await execute(native.api, agent.id, "delta", { conversationId });
  expect(summarized).toHaveLength(2);
  expect(summarized[1]).toContain("SUMMARY 1");
  expect(summarized[1]).toContain("user: beta");
  expect(summarized[1]).not.toContain("alpha");
  native.platform.model.script();
});

it("session data is one system block of sorted JSON, and no turn", async () => {
  const agent = await createAgent(native.api);
  const { conversationId } = await execute(native.api, agent.id, "hi", {
    memory: { session: { b: 2, a: { d: 1, c: 0 } } },
  });
  expect(systemText()).toContain('{"a":{"c":0,"d":1},"b":2}');
  await execute(native.api, agent.id, "again", { conversationId, memory: { session: { b: null } } });
  expect(systemText()).toContain('{"a":{"c":0,"d":1}}');
});

it("entries of attached stores are found, shown, and can be searched and written by the agent", async () => {
  const idSchema = z.object({ id: z.string() });
  const store = bodyOf(await native.api.post("/v1/memory-stores", { name: "facts" }), 201, idSchema);
  await native.api.post(`/v1/memory-stores/${store.id}/entries`, { content: "The harbour master is called Wilma." });
  await native.api.post(`/v1/memory-stores/${store.id}/entries`, { content: "Lighthouses blink at night." });
  const agent = await createAgent(native.api);
  await execute(native.api, agent.id, "Who is the harbour master?", { memoryStores: [store.id] });
  expect(systemText()).toContain("Wilma");
  expect(systemText()).not.toContain("Lighthouses");
  const written = await execute(native.api, agent.id, 'call memory_write {"key":"tide","content":"High at noon."}', {
    memoryStores: [store.id],
  });
  expect(written.toolCalls).toMatchObject([{ name: "memory_write", parameters: { key: "tide" } }]);
  const found = await native.api.get(`/v1/memory-stores/${store.id}/entries?query=noon`);
  expect(found.body).toMatchObject({ data: [{ key: "tide", content: "High at noon." }] });
});
