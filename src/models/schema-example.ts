import type { Json, JsonObject, JsonSchema } from "../contract/json.ts";

const deepest = 8;

/**
 * The simplest value that fits a JSON schema of the usual kind: required properties, first alternatives, smallest numbers.
 * The same schema always gives the same value. A `pattern` is not looked at.
 */
export function schemaExample(schema: JsonSchema): Json {
  return exampleOf(schema, schema, 0);
}

function exampleOf(schema: Json | undefined, root: JsonSchema, depth: number): Json {
  if (!isObject(schema) || depth > deepest) return null;
  for (const given of [schema.const, schema.default, first(schema.examples), first(schema.enum)]) {
    if (given !== undefined) return given;
  }
  if (typeof schema.$ref === "string") return exampleOf(follow(root, schema.$ref), root, depth + 1);
  const alternative = first(schema.anyOf) ?? first(schema.oneOf) ?? first(schema.allOf);
  if (alternative !== undefined) return exampleOf(alternative, root, depth + 1);

  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  switch (type) {
    case "string":
      return exampleText(schema);
    case "integer":
      return Math.ceil(smallest(schema));
    case "number":
      return smallest(schema);
    case "boolean":
      return false;
    case "null":
      return null;
    case "array": {
      const length = numberOr(schema.minItems, 0);
      return Array.from({ length: Math.min(length, 100) }, () => exampleOf(schema.items, root, depth + 1));
    }
    default:
      return exampleObject(schema, root, depth);
  }
}

function exampleObject(schema: JsonObject, root: JsonSchema, depth: number): JsonObject {
  const properties = isObject(schema.properties) ? schema.properties : {};
  const required = Array.isArray(schema.required) ? schema.required : [];
  return Object.fromEntries(
    required
      .filter((name) => typeof name === "string")
      .map((name) => [name, exampleOf(properties[name], root, depth + 1)]),
  );
}

const exampleOfFormat: Record<string, string> = {
  date: "2000-01-01",
  "date-time": "2000-01-01T00:00:00Z",
  time: "00:00:00Z",
  email: "user@example.com",
  uri: "https://example.com",
  uuid: "00000000-0000-4000-8000-000000000000",
};

function exampleText(schema: JsonObject): string {
  const known = typeof schema.format === "string" ? exampleOfFormat[schema.format] : undefined;
  const text = known ?? "text".padEnd(Math.min(numberOr(schema.minLength, 0), 10_000), "x");
  return text.slice(0, numberOr(schema.maxLength, text.length));
}

function smallest(schema: JsonObject): number {
  const exclusive = schema.exclusiveMinimum;
  const least = typeof exclusive === "number" ? exclusive + 1 : numberOr(schema.minimum, 0);
  return Math.min(least, numberOr(schema.maximum, least));
}

/** `#/$defs/name` and its like. */
function follow(root: JsonSchema, pointer: string): Json | undefined {
  let found: Json | undefined = root;
  for (const key of pointer.split("/").slice(1)) found = isObject(found) ? found[key] : undefined;
  return found;
}

function first(value: Json | undefined): Json | undefined {
  return Array.isArray(value) ? value[0] : undefined;
}

function numberOr(value: Json | undefined, otherwise: number): number {
  return typeof value === "number" ? value : otherwise;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
