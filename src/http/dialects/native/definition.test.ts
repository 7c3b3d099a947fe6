import { describe, expect, it } from "vitest";
import { type ChatDefinition, chatDefinitionSchema } from "../../../contract/agent.ts";
import { defineAgent, hiddenValue, redefineAgent, renderDefinition } from "./definition.ts";
import { createChatAgentSchema, updateAgentSchema } from "./schemas/agent.ts";

const templates = new Map([["support", { systemPrompt: "You help." }]]);
const least = { name: "Helper", model: "some/model", systemPrompt: "Be brief." };

const define = (request: object) => defineAgent(createChatAgentSchema.parse({ ...least, ...request }), templates);
const change = (current: ChatDefinition, request: object) =>
  chatDefinitionSchema.parse(redefineAgent(current, updateAgentSchema.parse(request), templates));

const lookup = {
  name: "lookup_order",
  description: "Looks an order up.",
  parameters: { type: "object", properties: { orderId: { type: "string" } }, required: ["orderId"] },
};
const crm = { type: "mcp", name: "crm", url: "https://mcp.example/", headers: { Authorization: "Bearer secret" } };

describe("defineAgent", () => {
  it("fills in what a request leaves out", () => {
    expect(define({})).toEqual({
      runtime: "chat",
      ...least,
      tools: [],
      parameters: {},
      memory: { enabled: true, maxTurns: 50, summarize: false },
      metadata: {},
    });
  });

  it("tells the kinds of tools apart by their members", () => {
    const { tools } = define({
      tools: ["calculator", { name: "datetime" }, lookup, { ...lookup, name: "b", handler: "https://a.example/" }, crm],
    });
    expect(tools).toEqual([
      { type: "built-in", name: "calculator" },
      { type: "built-in", name: "datetime" },
      { type: "client", ...lookup },
      {
        type: "http",
        ...lookup,
        name: "b",
        handler: "https://a.example/",
        timeoutMs: 10_000,
        retries: 0,
        effect: "idempotent",
      },
      {
        type: "mcp",
        name: "crm",
        url: "https://mcp.example/",
        headers: { Authorization: "Bearer secret" },
        timeoutMs: 10_000,
        effect: "idempotent",
      },
    ]);
  });

  it("lets a tool with a handler carry the name of a built-in", () => {
    const { tools } = define({ tools: [{ name: "calculator", handler: "https://a.example/" }] });
    expect(tools[0]).toMatchObject({ type: "http", name: "calculator" });
  });

  it("refuses two tools of one name", () => {
    expect(() => define({ tools: ["calculator", { name: "calculator" }] })).toThrow(
      expect.objectContaining({ code: "unprocessable", param: "tools.1.name" }),
    );
  });

  it("shows no template any more once the agent has a prompt of its own", () => {
    const current = define({ template: "support" });
    expect(change(current, { systemPrompt: "My own." })).not.toHaveProperty("template");
    expect(change(current, { systemPrompt: "You help." })).toHaveProperty("template", "support");
    expect(change(current, { systemPrompt: "My own.", template: "support" })).toMatchObject({
      systemPrompt: "You help.",
      template: "support",
    });
  });

  it("takes the system prompt of a template over the one that was sent", () => {
    expect(define({ template: "support" })).toMatchObject({ systemPrompt: "You help.", template: "support" });
    expect(() => define({ template: "nobody" })).toThrow(
      expect.objectContaining({ code: "unprocessable", param: "template" }),
    );
  });

  it("needs a system prompt from one or the other", () => {
    expect(() => define({ systemPrompt: undefined })).toThrow(
      expect.objectContaining({ code: "missing_required_field", param: "systemPrompt" }),
    );
    expect(define({ systemPrompt: undefined, template: "support" }).systemPrompt).toBe("You help.");
  });
});

describe("redefineAgent", () => {
  const current = define({
    parameters: { temperature: 0.3, maxTokens: 100 },
    memory: { maxTurns: 10, summarize: true },
    metadata: { team: "a", tier: 1 },
    outputSchema: { type: "object" },
    tools: [crm],
  });

  it("changes nothing without fields", () => {
    expect(change(current, {})).toEqual(current);
  });

  it("merges parameters, memory and metadata one level deep, null removing a member", () => {
    const next = change(current, {
      parameters: { temperature: 0.9, maxTokens: null },
      memory: { summarize: null },
      metadata: { tier: null, region: "eu" },
    });
    expect(next.parameters).toEqual({ temperature: 0.9 });
    expect(next.memory).toEqual({ enabled: true, maxTurns: 10, summarize: false });
    expect(next.metadata).toEqual({ team: "a", region: "eu" });
    expect(current.parameters).toEqual({ temperature: 0.3, maxTokens: 100 });
  });

  it("replaces tools whole and removes an output schema", () => {
    const next = change(current, { tools: ["datetime"], outputSchema: null });
    expect(next.tools).toEqual([{ type: "built-in", name: "datetime" }]);
    expect(next).not.toHaveProperty("outputSchema");
  });

  it("keeps a hidden header of the same tool at the same address, and only there", () => {
    const hidden = { ...crm, headers: { Authorization: hiddenValue } };
    expect(change(current, { tools: [hidden] }).tools).toEqual(current.tools);
    for (const tool of [
      { ...hidden, url: "https://elsewhere.example/" },
      { ...hidden, name: "other" },
    ]) {
      expect(() => change(current, { tools: [tool] })).toThrow(
        expect.objectContaining({ code: "invalid_field_value", param: "tools.0.headers.Authorization" }),
      );
    }
  });

  it("holds merged metadata to the same bound", () => {
    const many = Object.fromEntries(Array.from({ length: 16 }, (_, index) => [`k${index}`, index]));
    expect(() => change(current, { metadata: many })).toThrow(expect.objectContaining({ param: "metadata" }));
  });
});

describe("renderDefinition", () => {
  it("never shows the value of a header", () => {
    const rendered = renderDefinition(define({ tools: [crm] }));
    expect(JSON.stringify(rendered)).not.toContain("secret");
    expect(rendered).toMatchObject({ tools: [{ headers: { Authorization: hiddenValue } }] });
  });

  it("gives what can be sent back without a change", () => {
    const definition = define({
      tools: ["calculator", lookup, { ...lookup, name: "b", handler: "https://a.example/", effect: "once" }],
      outputSchema: { type: "object" },
      metadata: { a: 1 },
    });
    expect(define(renderDefinition(definition))).toEqual(definition);
  });
});
