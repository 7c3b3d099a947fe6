import type { Json, JsonSchema } from "../../contract/json.ts";

/** What the providers' own enforcement of a schema asks of each object in it. */
export interface ClosedSchemaRule {
  /** OpenAI wants every property listed as required; Anthropic does not. */
  everyPropertyRequired: boolean;
}

/**
 * Whether a schema is one that a provider can hold a model to: an object that names all its properties, all the way
 * down. Others would be refused with a 400.
 * @see https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
 * @see https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations
 */
export function isClosedSchema(schema: JsonSchema, rule: ClosedSchemaRule): boolean {
  return schema.type === "object" && closed(schema, rule);
}

function closed(value: Json | undefined, rule: ClosedSchemaRule): boolean {
  if (Array.isArray(value)) return value.every((item) => closed(item, rule));
  if (typeof value !== "object" || value === null) return true;
  if (value.oneOf !== undefined || value.allOf !== undefined || value.patternProperties !== undefined) return false;
  if (value.type === "object" || value.properties !== undefined) {
    const properties = value.properties ?? {};
    if (value.additionalProperties !== false || typeof properties !== "object" || properties === null) return false;
    const required = Array.isArray(value.required) ? value.required : [];
    if (rule.everyPropertyRequired && !Object.keys(properties).every((name) => required.includes(name))) return false;
    if (!Object.values(properties).every((property) => closed(property, rule))) return false;
  }
  const definitions = typeof value.$defs === "object" && value.$defs !== null ? Object.values(value.$defs) : [];
  return closed(value.items, rule) && closed(value.anyOf, rule) && definitions.every((one) => closed(one, rule));
}
