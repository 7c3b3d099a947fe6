import { expect, it } from "vitest";
import { defineAgent } from "./definition.ts";
import { refuseUnusableSchemas } from "./json-schema-check.ts";
import { createChatAgentSchema } from "./schemas/agent.ts";

const agent = (fields: object) =>
  defineAgent(createChatAgentSchema.parse({ name: "a", model: "m", systemPrompt: "s", ...fields }), new Map());
const tool = (parameters: object) => agent({ tools: [{ name: "t", description: "", parameters }] });

it("takes schemas of the drafts in use", async () => {
  for (const $schema of [
    undefined,
    "http://json-schema.org/draft-07/schema#",
    "https://json-schema.org/draft/2020-12/schema",
  ]) {
    await refuseUnusableSchemas(
      tool({ $schema, type: "object", properties: { a: { type: "string", format: "email" } } }),
    );
  }
});

it.each([
  [tool({ type: "object", properties: { a: { type: "strin" } } }), "tools.0.parameters"],
  [tool({ type: "object", properties: { a: { pattern: "(" } } }), "tools.0.parameters"],
  [tool({ type: "object", properties: { a: { $ref: "#/nowhere" } } }), "tools.0.parameters"],
  [agent({ outputSchema: { type: 5 } }), "outputSchema"],
])("refuses a schema that cannot be used (%#)", async (definition, param) => {
  await expect(refuseUnusableSchemas(definition)).rejects.toMatchObject({ code: "invalid_field_value", param });
});

it("checks two schemas of one $id each by itself", async () => {
  await refuseUnusableSchemas(tool({ $id: "https://a.example/s", type: "object" }));
  await refuseUnusableSchemas(tool({ $id: "https://a.example/s", type: "object", required: ["a"] }));
});
