import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { createAgent, errorOf, execute, getExecution, readStream } from "../api/native/native-api.ts";
import { type ChatPlatform, messagesOf, startChatPlatform, textOf } from "./chat-platform.ts";

let native: ChatPlatform;
let agentId: string;
beforeAll(async () => {
  native = await startChatPlatform({ env: { RUNYARD_MODEL_TRIES: "1" } });
  agentId = (await createAgent(native.api)).id;
});
afterAll(() => native[Symbol.asyncDispose]());
beforeEach(() => {
  native.platform.model.requests.length = 0;
});

it("an answer that is cut after text was shown is continued, and all deltas make up the output", async () => {
  native.platform.model.once([{ type: "text", text: ["The quick ", "brown "] }, { type: "cut" }]);
  native.platform.model.once([{ type: "text", text: ["fox ", "jumps."] }]);
  const response = await native.api.open("POST", `/v1/agents/${agentId}/execute`, { input: "go", stream: true });
  const frames = await readStream(response);
  expect(textOf(frames)).toBe("The quick brown fox jumps.");
  const end = frames.at(-1)?.event;
  expect(end).toMatchObject({ type: "done", status: "completed", output: "The quick brown fox jumps." });
  const [, second] = native.platform.model.requests;
  const roles = messagesOf(second).map(({ role }) => role);
  expect(roles.slice(-3)).toEqual(["user", "assistant", "user"]);
  expect(messagesOf(second).at(-2)?.content).toBe("The quick brown ");
});

it("the tokens of a broken call count, estimated where the provider gave none", async () => {
  native.platform.model.once([{ type: "text", text: ["one two three "] }, { type: "cut" }]);
  native.platform.model.once([
    { type: "text", text: "four" },
    { type: "usage", usage: { inputTokens: 100, outputTokens: 5 } },
  ]);
  const { usage } = await execute(native.api, agentId, "count");
  expect(usage.outputTokens).toBeGreaterThan(5);
  expect(usage.inputTokens).toBeGreaterThan(100);
  expect(usage.totalTokens).toBe(usage.inputTokens + usage.outputTokens);
});

it("an answer without usage is counted by us", async () => {
  native.platform.model.once([
    { type: "text", text: "some words here" },
    { type: "usage", usage: "missing" },
  ]);
  const { usage } = await execute(native.api, agentId, "hello");
  expect(usage.inputTokens).toBeGreaterThan(0);
  expect(usage.outputTokens).toBeGreaterThan(0);
});

it("an answer that breaks again and again fails and keeps what was shown", async () => {
  for (let count = 0; count < 4; count += 1) {
    native.platform.model.once([{ type: "text", text: `part ${count} ` }, { type: "cut" }]);
  }
  const answer = await native.api.post(`/v1/agents/${agentId}/execute`, { input: "go" });
  const error = errorOf(answer, 502);
  expect(error).toMatchObject({ type: "upstream_error", code: "model_unavailable" });
  const execution = await getExecution(native.api, error.executionId ?? "");
  expect(execution).toMatchObject({ status: "failed", output: "part 0 part 1 part 2 part 3 " });
  const turns = await native.api.get(`/v1/conversations/${execution.conversationId}`);
  expect(turns.body).toMatchObject({ turnCount: 0, turns: [] });
});

it("an error inside a stream that began well is an error", async () => {
  native.platform.model.once([{ type: "error", message: "overloaded", code: "insufficient_quota" }]);
  const answer = await native.api.post(`/v1/agents/${agentId}/execute`, { input: "go" });
  expect(errorOf(answer, 502).type).toBe("upstream_error");
});

it("a context that is too long is 422", async () => {
  native.platform.model.once([{ type: "context-length" }]);
  const answer = await native.api.post(`/v1/agents/${agentId}/execute`, { input: "go" });
  expect(errorOf(answer, 422).code).toBe("context_length_exceeded");
});
