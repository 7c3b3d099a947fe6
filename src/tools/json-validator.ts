import type { Json, JsonSchema } from "../contract/json.ts";
import { checkSchema, findMismatches, schemaProblemText } from "./check-input.ts";
import { isPlainJson } from "./plain-json.ts";
import { toolFailure, type ToolWork } from "./tool.ts";

const maxTextLength = 256 * 1024;

const parameters: JsonSchema = {
  type: "object",
  properties: {
    json: { type: "string", maxLength: maxTextLength, description: "JSON text to validate" },
    value: { description: "A JSON value to validate, instead of json" },
    schema: { type: "object", description: "JSON Schema that it must fit; without it only the syntax is checked" },
  },
  additionalProperties: false,
};

/** Says whether JSON is well-formed and fits a schema. That it does not is an answer, not a failure. */
export const jsonValidator: ToolWork = {
  name: "json_validator",
  description:
    "Checks JSON text or a JSON value, against a JSON Schema when one is given, and reports each error with its path.",
  parameters,
  effect: "safe",
  async run(input) {
    const { json, value, schema } = input;
    if ((json === undefined) === (value === undefined)) {
      return toolFailure("Give either json (text) or value, and not both.");
    }
    const parsed = json === undefined ? { value: value ?? null } : parseText(String(json));
    if (parsed.value === undefined)
      return { output: { valid: false, errors: [{ path: "", message: parsed.problem }] } };
    if (typeof schema !== "object" || schema === null || Array.isArray(schema)) {
      return { output: { valid: true, errors: [] } };
    }
    const problem = checkSchema(schema);
    if (problem !== undefined) return toolFailure(`The schema cannot be used: ${schemaProblemText(problem)}`);
    const mismatches = findMismatches(schema, parsed.value) ?? [];
    const errors = mismatches.map(({ path, message }) => ({ path, message }));
    return { output: { valid: errors.length === 0, errors } };
  },
};

function parseText(text: string): { value: Json } | { value: undefined; problem: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { value: undefined, problem: error instanceof Error ? error.message : "it is not JSON" };
  }
  return isPlainJson(value) ? { value } : { value: undefined, problem: "it is nested too deep" };
}
