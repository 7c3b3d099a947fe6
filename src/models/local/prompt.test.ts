import { describe, expect, it } from "vitest";
import type { ModelMessage, ModelRequest } from "../language-model.ts";
import { buildPrompt } from "./prompt.ts";

const calculator = {
  name: "calculator",
  description: "Computes exactly. Has many functions.",
  parameters: {
    type: "object",
    properties: { expression: { type: "string", examples: ["8 * 9"] }, digits: { type: "integer" } },
    required: ["expression"],
  },
};
const tiny = { toolCallsPerTurn: 1 };
const asked: ModelMessage = { role: "user", content: "What is 2 + 3?" };
const called: ModelMessage = {
  role: "assistant",
  content: "",
  toolCalls: [{ id: "1", name: "calculator", input: { expression: "2 + 3" } }],
};
const answered: ModelMessage = { role: "tool", callId: "1", name: "calculator", output: { result: 5 }, isError: false };
const request = (messages: ModelMessage[], more: Partial<ModelRequest> = {}): ModelRequest => ({
  system: ["Be brief."],
  messages,
  tools: [calculator],
  ...more,
});

describe("buildPrompt", () => {
  it("offers each tool and an answer, with an example of each before the agent's own text", () => {
    const prompt = buildPrompt(request([asked]), tiny);
    expect(prompt.form).toBe("choice");
    expect(prompt.schema?.oneOf).toHaveLength(2);
    const system = prompt.history[0]?.text ?? "";
    expect(system).toContain("- calculator: Computes exactly.\n");
    expect(system).toContain('Reply: {"tool":"calculator","arguments":{"expression":"8 * 9"}}');
    expect(system.endsWith("Be brief.")).toBe(true);
  });

  it("asks for the answer in plain words once the calls of the turn are used up", () => {
    const prompt = buildPrompt(request([asked, called, answered]), tiny);
    expect(prompt).toMatchObject({ form: "text", schema: undefined, repeatPenalty: false });
    expect(prompt.history.map((item) => item.role)).toEqual(["system", "user", "model", "user"]);
    expect(prompt.history.at(-1)?.text).toBe("The result of calculator is 5. Answer my question in one sentence.");
    expect(prompt.history[0]?.text).toBe("Be brief.");
  });

  it("goes on offering tools to a bigger model, and to a tiny one in its next turn", () => {
    expect(buildPrompt(request([asked, called, answered]), { toolCallsPerTurn: 4 }).form).toBe("choice");
    const next = request([asked, called, answered, { role: "assistant", content: "5." }, asked]);
    expect(buildPrompt(next, tiny).form).toBe("choice");
  });

  it("joins results of parallel calls into one message and says what failed", () => {
    const failed: ModelMessage = { ...answered, callId: "2", output: "no such function", isError: true };
    const prompt = buildPrompt(request([asked, called, answered, failed]), { toolCallsPerTurn: 8 });
    expect(prompt.history.at(-1)?.text).toMatch(
      /^The result of calculator is 5\.\nThe error of calculator is no such function\./,
    );
  });

  it("lets an answer go on without a grammar, since a grammar cannot begin in the middle", () => {
    const prompt = buildPrompt(request([asked, { role: "assistant", content: "It is" }]), tiny);
    expect(prompt).toMatchObject({ form: "text", schema: undefined });
    expect(prompt.history.at(-1)).toEqual({ role: "model", text: "It is" });
  });

  it("holds an answer to the output schema, alone and as one of the choices", () => {
    const outputSchema = { type: "object", properties: { sum: { type: "integer" } }, required: ["sum"] };
    const inner = { type: "object", properties: { sum: { type: "integer" } } };
    expect(buildPrompt(request([asked], { outputSchema, tools: [] }), tiny)).toMatchObject({
      form: "text",
      schema: inner,
    });
    expect(buildPrompt(request([asked], { outputSchema }), tiny).schema?.oneOf).toContainEqual({
      type: "object",
      properties: { tool: { const: "none" }, answer: inner },
    });
  });
});
