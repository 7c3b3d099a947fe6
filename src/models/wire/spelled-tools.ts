import type { JsonObject, JsonSchema } from "../../contract/json.ts";
import type { ModelTool, ModelToolCall } from "../language-model.ts";
import { spellName } from "./spelled-name.ts";

/** A tool in the words that a provider takes. */
export interface SpelledTool {
  name: string;
  description: string;
  parameters: JsonSchema;
}

/** The tools of one request, to the provider and back. */
export interface SpelledTools {
  readonly tools: readonly SpelledTool[];
  /** A call of ours as the provider saw it. */
  toProvider(call: ModelToolCall): { name: string; input: JsonObject };
  /** A call of the provider as we know it. */
  fromProvider(name: string, input: JsonObject): { name: string; input: JsonObject };
}

/**
 * Both wires want a plain name and a schema that is an object at its top, without alternatives there. A schema of
 * another shape is wrapped as the property `input` of an object, and the calls are unwrapped.
 */
export function spellTools(tools: readonly ModelTool[]): SpelledTools {
  const wrapped = new Set<string>();
  const names = new Map<string, string>();
  const spelled = tools.map((tool): SpelledTool => {
    const name = spellName(tool.name);
    if (name !== tool.name) names.set(name, tool.name);
    const parameters = spellSchema(tool.parameters);
    if (parameters.wrapped) wrapped.add(tool.name);
    return { name, description: tool.description, parameters: parameters.schema };
  });
  return {
    tools: spelled,
    toProvider: (call) => ({
      name: spellName(call.name),
      input: wrapped.has(call.name) ? { input: call.input } : call.input,
    }),
    fromProvider(name, input) {
      const known = names.get(name) ?? name;
      const inner = input.input;
      const unwraps = wrapped.has(known) && typeof inner === "object" && inner !== null && !Array.isArray(inner);
      return { name: known, input: unwraps ? inner : input };
    },
  };
}

const alternatives = ["anyOf", "oneOf", "allOf", "not", "enum", "const", "$ref"] as const;

function spellSchema(schema: JsonSchema): { schema: JsonSchema; wrapped: boolean } {
  const plain = alternatives.every((keyword) => schema[keyword] === undefined);
  if (plain && schema.type === "object") {
    // OpenAI refuses an object schema without properties.
    return { schema: schema.properties === undefined ? { ...schema, properties: {} } : schema, wrapped: false };
  }
  if (plain && schema.type === undefined)
    return { schema: { properties: {}, ...schema, type: "object" }, wrapped: false };
  // Definitions stay at the top, where `#/$defs/…` finds them.
  const { $defs, definitions, $schema: _, ...inner } = schema;
  return {
    schema: {
      type: "object",
      properties: { input: inner },
      required: ["input"],
      ...($defs === undefined ? {} : { $defs }),
      ...(definitions === undefined ? {} : { definitions }),
    },
    wrapped: true,
  };
}
