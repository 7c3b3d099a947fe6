import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createAgent, errorOf, execute, readStream } from "../api/native/native-api.ts";
import { type ChatPlatform, startChatPlatform } from "./chat-platform.ts";

let native: ChatPlatform;
beforeAll(async () => {
  native = await startChatPlatform();
});
afterAll(() => native[Symbol.asyncDispose]());

describe("tool calls", () => {
  it("of one answer run side by side and come back in their order", async () => {
    const agent = await createAgent(native.api, { tools: ["calculator", "datetime"] });
    const input = 'call calculator {"expression":"6*7"} call datetime {"operation":"now"}';
    const { toolCalls, output } = await execute(native.api, agent.id, input);
    expect(toolCalls.map(({ name }) => name)).toEqual(["calculator", "datetime"]);
    expect(toolCalls[0]?.result).toMatchObject({ result: 42 });
    expect(output).toContain("The tool said:");
  });

  it("with unknown names, bad arguments or arguments that are no object go back to the model as errors", async () => {
    const agent = await createAgent(native.api, { tools: ["calculator"] });
    native.platform.model.once([
      {
        type: "tool-calls",
        calls: [
          { name: "nobody", arguments: {} },
          { name: "calculator", arguments: { wrong: 1 } },
          { name: "calculator", arguments: "[1, 2" },
        ],
      },
    ]);
    const { toolCalls, status } = await execute(native.api, agent.id, "go");
    expect(status).toBe("completed");
    expect(toolCalls.map(({ result }) => result)).toEqual([null, null, null]);
    for (const call of toolCalls) expect(call).toMatchObject({ error: { code: "tool_error" } });
  });

  it("end the execution when the model never stops asking for them", async () => {
    const agent = await createAgent(native.api, { tools: ["calculator"] });
    native.platform.model.script(() => [{ type: "tool-call", name: "calculator", arguments: { expression: "1" } }]);
    const answer = await native.api.post(`/v1/agents/${agent.id}/execute`, { input: "go" });
    native.platform.model.script();
    expect(errorOf(answer, 502)).toMatchObject({ code: "tool_error" });
  });

  it("of the client and of the server mix: the pause comes when the server's are done", async () => {
    const agent = await createAgent(native.api, {
      tools: ["calculator", { name: "ask_human", description: "asks", parameters: { type: "object", properties: {} } }],
    });
    const input = 'call calculator {"expression":"1+1"} call ask_human {}';
    const paused = await execute(native.api, agent.id, input);
    expect(paused.status).toBe("requires_action");
    expect(paused.toolCalls.map(({ name, duration }) => [name, duration === null])).toEqual(
      expect.arrayContaining([
        ["calculator", false],
        ["ask_human", true],
      ]),
    );
    const pending = paused.toolCalls.find(({ name }) => name === "ask_human");
    const response = await native.api.open("POST", `/v1/executions/${paused.id}/tool-results`, {
      toolResults: [{ toolCallId: pending?.id, error: "nobody there" }],
      stream: true,
    });
    const frames = await readStream(response);
    const end = frames.find(({ event }) => event.type === "tool_call_end" && event.name === "ask_human")?.event;
    expect(end).toMatchObject({ error: { code: "tool_error", message: "nobody there" } });
    expect(frames.at(-1)?.event).toMatchObject({ type: "done", status: "completed" });
  });
});

describe("structured output", () => {
  const outputSchema = {
    type: "object",
    properties: { city: { type: "string" }, people: { type: "integer" } },
    required: ["city", "people"],
    additionalProperties: false,
  };

  it("that fits is the output, without the fence some models put around it", async () => {
    const agent = await createAgent(native.api, { outputSchema });
    native.platform.model.once([{ type: "text", text: '```json\n{"city":"Bremen","people":570000}\n```' }]);
    const { output } = await execute(native.api, agent.id, "go");
    expect(JSON.parse(output)).toEqual({ city: "Bremen", people: 570000 });
  });

  it("that does not fit is repaired once, and only what fits is shown", async () => {
    const agent = await createAgent(native.api, { outputSchema });
    native.platform.model.once([{ type: "text", text: '{"city":"Bremen"}' }]);
    native.platform.model.once([{ type: "text", text: '{"city":"Bremen","people":1}' }]);
    const response = await native.api.open("POST", `/v1/agents/${agent.id}/execute`, { input: "go", stream: true });
    const frames = await readStream(response);
    const shown = frames.flatMap(({ event }) => (event.type === "text_delta" ? [event.text] : [])).join("");
    expect(JSON.parse(shown)).toEqual({ city: "Bremen", people: 1 });
    expect(frames.at(-1)?.event).toMatchObject({ type: "done", output: shown });
  });

  it("that does not fit after the repair fails the execution", async () => {
    const agent = await createAgent(native.api, { outputSchema });
    native.platform.model.once([{ type: "text", text: "no" }]);
    native.platform.model.once([{ type: "text", text: "still no" }]);
    const answer = await native.api.post(`/v1/agents/${agent.id}/execute`, { input: "go" });
    expect(errorOf(answer, 502).code).toBe("output_invalid");
  });
});
