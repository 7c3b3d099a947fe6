import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { executionSchema } from "../../../src/http/dialects/native/schemas/execution.ts";
import { bodyOf, createAgent, errorOf, execute, getExecution, readStream, textOf } from "./native-api.ts";
import { type NativePlatform, startNativePlatform } from "./native-platform.ts";

let native: NativePlatform;
let agentId: string;
beforeAll(async () => {
  native = await startNativePlatform();
  const ask = { description: "Asks.", parameters: { type: "object", properties: { what: { type: "string" } } } };
  const tools = [
    { name: "ask_user", ...ask },
    { name: "ask_boss", ...ask },
  ];
  agentId = (await createAgent(native.api, { tools })).id;
});
afterAll(() => native[Symbol.asyncDispose]());

const input = 'call ask_user {"what":"name"} call ask_boss {"what":"leave"}';

/** An execution that waits for two results. */
async function startPaused() {
  const execution = await execute(native.api, agentId, input);
  expect(execution.status).toBe("requires_action");
  const [first, second] = execution.toolCalls;
  if (first === undefined || second === undefined) throw new Error("two calls were expected");
  return { ...execution, first, second, path: `/v1/executions/${execution.id}/tool-results` };
}

describe("a tool that the client runs", () => {
  it("pauses the execution until all its calls are answered", async () => {
    const { id, first, second, path } = await startPaused();
    expect(first).toMatchObject({ name: "ask_user", parameters: { what: "name" }, result: null, duration: null });
    expect((await getExecution(native.api, id)).status).toBe("requires_action");
    const answer = await native.api.post(path, {
      toolResults: [
        { toolCallId: first.id, result: { name: "Ada" } },
        { toolCallId: second.id, error: "The boss is away." },
      ],
    });
    const execution = bodyOf(answer, 200, executionSchema);
    expect(execution).toMatchObject({ id, status: "completed" });
    expect(execution.output).toContain("Ada");
    expect(execution.output).toContain("away");
    expect(execution.toolCalls[0]).toMatchObject({ id: first.id, result: { name: "Ada" } });
    expect(execution.toolCalls[1]?.error?.message).toContain("away");
  });

  it("is asked for in the stream, which ends there and goes on with the results", async () => {
    const response = await native.api.open("POST", `/v1/agents/${agentId}/execute`, { input, stream: true });
    const before = await readStream(response);
    const required = before.flatMap(({ event }) => (event.type === "tool_call_required" ? [event] : []));
    expect(required.map(({ name }) => name)).toEqual(["ask_user", "ask_boss"]);
    expect(before.at(-1)?.event).toMatchObject({ type: "done", status: "requires_action" });
    const id = response.headers.get("x-execution-id") ?? "";
    const after = await readStream(
      await native.api.open("POST", `/v1/executions/${id}/tool-results`, {
        toolResults: required.map((call) => ({ toolCallId: call.id, result: "ok" })),
        stream: true,
      }),
    );
    expect(after[0]?.id).toBeGreaterThan(before.at(-1)?.id ?? 0);
    expect(after.map(({ event }) => event.type)).not.toContain("execution_start");
    expect(after.at(-1)?.event).toMatchObject({ type: "done", status: "completed" });
    expect((await getExecution(native.api, id)).output).toBe(textOf([...before, ...after]));
  });

  it("must be answered with all the others, each once, and only while it waits", async () => {
    const { first, second, path, id } = await startPaused();
    const one = { toolCallId: first.id, result: 1 };
    const other = { toolCallId: second.id, result: 2 };
    const unknown = { toolCallId: `tc_${id.slice(5)}`, result: 3 };
    for (const toolResults of [[one], [one, one], [one, other, unknown], [{ ...one, toolCallId: "tc_x" }, other]]) {
      expect(errorOf(await native.api.post(path, { toolResults }), 422).type).toBe("validation_error");
    }
    for (const body of [
      {},
      { toolResults: [] },
      { toolResults: [{ toolCallId: first.id }] },
      { toolResults: [{ ...one, error: "x" }] },
    ]) {
      expect(errorOf(await native.api.post(path, body), 400).type).toBe("invalid_request_error");
    }
    const stranger = await native.stranger();
    expect(errorOf(await stranger.post(path, { toolResults: [one, other] }), 404).code).toBe("execution_not_found");
    bodyOf(await native.api.post(path, { toolResults: [one, other] }), 200, executionSchema);
    expect(errorOf(await native.api.post(path, { toolResults: [one, other] }), 409).code).toBe("execution_not_waiting");
  });

  it("is taken back when the execution is cancelled", async () => {
    const { id, path, first, second } = await startPaused();
    expect((await native.api.post(`/v1/executions/${id}/cancel`)).status).toBe(200);
    const toolResults = [first, second].map((call) => ({ toolCallId: call.id, result: 1 }));
    expect(errorOf(await native.api.post(path, { toolResults }), 409).code).toBe("execution_not_waiting");
    const frames = await readStream(await native.api.open("GET", `/v1/executions/${id}/stream`));
    expect(frames.at(-1)?.event).toMatchObject({ type: "done", status: "cancelled" });
    const { toolCalls } = await getExecution(native.api, id);
    expect(toolCalls).toMatchObject([{ error: { code: "cancelled" } }, { error: { code: "cancelled" } }]);
    expect(toolCalls.map(({ result, duration }) => [result, duration === null])).toEqual([
      [null, false],
      [null, false],
    ]);
    const ends = frames.flatMap(({ event }) => (event.type === "tool_call_end" ? [event] : []));
    const seen = toolCalls.map(({ id, name, result, duration, error }) => ({ id, name, result, duration, error }));
    expect(ends).toEqual(seen.map((call) => ({ type: "tool_call_end", ...call })));
  });
});
