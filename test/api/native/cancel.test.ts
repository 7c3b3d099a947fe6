import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createAgent, errorOf, execute, type Frame, framesOf, getExecution, readStream, textOf } from "./native-api.ts";
import { startToolServer, type ToolServer } from "../../support/tool-server.ts";
import { type NativePlatform, startNativePlatform } from "./native-platform.ts";

let tools: ToolServer;
let native: NativePlatform;
let agentId: string;
beforeAll(async () => {
  tools = await startToolServer();
  native = await startNativePlatform({ allowPrivateNetwork: [new URL(tools.url).host] });
  agentId = (await createAgent(native.api)).id;
});
afterAll(async () => {
  await native[Symbol.asyncDispose]();
  await tools[Symbol.asyncDispose]();
});

/** An execution that has said `ab` and says no more. */
async function startStalled(fields: object = {}) {
  native.platform.model.once([{ type: "text", text: ["a", "b"] }, { type: "stall" }]);
  const response = await native.api.open("POST", `/v1/agents/${agentId}/execute`, {
    input: "x",
    stream: true,
    ...fields,
  });
  const frames = framesOf(response);
  const seen: Frame[] = [];
  while (textOf(seen) !== "ab") {
    const { value, done } = await frames.next();
    if (done === true) throw new Error("the stream ended early");
    seen.push(value);
  }
  const id = response.headers.get("x-execution-id") ?? "";
  const rest = async () => {
    for await (const frame of frames) seen.push(frame);
    return seen;
  };
  return { id, rest };
}

describe("cancelling", () => {
  it("answers with the four keys, ends the stream and keeps the partial text", async () => {
    const { id, rest } = await startStalled();
    const answer = await native.api.post(`/v1/executions/${id}/cancel`);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      id,
      status: "cancelled",
      output: "ab",
      usage: { inputTokens: expect.any(Number), outputTokens: expect.any(Number), totalTokens: expect.any(Number) },
    });
    const frames = await rest();
    expect(frames.at(-1)?.event).toMatchObject({ type: "done", status: "cancelled", output: "ab" });
    expect(textOf(frames)).toBe("ab");
    const execution = await getExecution(native.api, id);
    expect(execution).toMatchObject({ status: "cancelled", output: "ab" });
    expect(execution.usage.outputTokens).toBeGreaterThan(0);
    const replayed = await readStream(await native.api.open("GET", `/v1/executions/${id}/stream`));
    expect(replayed).toEqual(frames);
  });

  it("can be repeated, with the same answer, with any empty body", async () => {
    const { id, rest } = await startStalled();
    const first = await native.api.post(`/v1/executions/${id}/cancel`, {});
    const second = await native.api.post(`/v1/executions/${id}/cancel`, "", { "content-type": "application/json" });
    expect(second.status).toBe(200);
    expect(second.body).toEqual(first.body);
    await rest();
  });

  it("ends a running tool call as cancelled, and breaks its request off", async () => {
    const agent = await createAgent(native.api, {
      tools: [{ name: "slow", description: "Slow.", handler: `${tools.url}/slow?gate=never` }],
    });
    const response = await native.api.open("POST", `/v1/agents/${agent.id}/execute`, {
      input: "call slow {}",
      stream: true,
    });
    const frames = framesOf(response);
    const seen: Frame[] = [];
    while (seen.at(-1)?.event.type !== "tool_call_start") {
      const { value, done } = await frames.next();
      if (done === true) throw new Error("the stream ended early");
      seen.push(value);
    }
    await tools.calls(1);
    const id = response.headers.get("x-execution-id") ?? "";
    await native.api.post(`/v1/executions/${id}/cancel`);
    for await (const frame of frames) seen.push(frame);
    const [start, end, done] = seen.slice(-3).map(({ event }) => event);
    expect(end).toMatchObject({ type: "tool_call_end", name: "slow", result: null, error: { code: "cancelled" } });
    expect(start).toMatchObject({ type: "tool_call_start", id: end?.type === "tool_call_end" ? end.id : "" });
    expect(done).toMatchObject({ type: "done", status: "cancelled" });
    expect((await getExecution(native.api, id)).toolCalls).toMatchObject([
      { name: "slow", error: { code: "cancelled" } },
    ]);
  });

  it("is refused once the execution has ended by itself", async () => {
    const { id } = await execute(native.api, agentId, "hello");
    const error = errorOf(await native.api.post(`/v1/executions/${id}/cancel`), 409);
    expect(error).toMatchObject({ type: "conflict_error", code: "execution_not_running" });
    expect(error.message).toContain("completed");
    expect((await getExecution(native.api, id)).status).toBe("completed");
  });

  it("lets a caller who waits have the cancelled execution with 200", async () => {
    native.platform.model.once([{ type: "text", text: ["a"] }, { type: "stall" }]);
    const waiting = native.api.post(`/v1/agents/${agentId}/execute`, { input: "unique wait" });
    const running = async () => {
      const { body } = await native.api.get("/v1/executions?status=running");
      return JSON.stringify(body);
    };
    await expect.poll(running).toContain("unique wait");
    const id = /"id":"(exec_[a-z0-9]+)"/.exec(await running())?.[1] ?? "";
    await native.api.post(`/v1/executions/${id}/cancel`);
    const answer = await waiting;
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ id, status: "cancelled" });
  });

  it("keeps the user's turn and what was said in the conversation", async () => {
    const { id, rest } = await startStalled();
    await native.api.post(`/v1/executions/${id}/cancel`);
    await rest();
    const { conversationId } = await getExecution(native.api, id);
    const { body } = await native.api.get(`/v1/conversations/${conversationId}`);
    expect(body).toMatchObject({
      turns: [
        { role: "user", content: "x" },
        { role: "assistant", content: "ab" },
      ],
    });
  });

  it("is refused for what does not exist or belongs to somebody else", async () => {
    expect(errorOf(await native.api.post("/v1/executions/exec_x/cancel"), 404).code).toBe("execution_not_found");
    const { id, rest } = await startStalled();
    const stranger = await native.stranger();
    expect(errorOf(await stranger.post(`/v1/executions/${id}/cancel`), 404).code).toBe("execution_not_found");
    expect((await getExecution(native.api, id)).status).toBe("running");
    await native.api.post(`/v1/executions/${id}/cancel`);
    await rest();
  });
});
