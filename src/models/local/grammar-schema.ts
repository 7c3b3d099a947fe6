import type { Json, JsonObject, JsonSchema } from "../../contract/json.ts";

/** Longer bounds make a grammar that is slow to sample from; whoever asked for them checks the answer anyway. */
const maxBound = 64;
const maxDepth = 16;

/** Any JSON value, in the words that the grammar knows. */
const anything: JsonSchema = {
  oneOf: [
    { type: "string" },
    { type: "number" },
    { type: "boolean" },
    { type: "null" },
    { type: "array" },
    { type: "object", additionalProperties: true },
  ],
};

/**
 * Rewrites a JSON Schema in the part of it that a grammar can hold a model to. What a grammar cannot express (patterns,
 * number ranges, `allOf` of anything but objects, …) is left out, so the result allows at least what the schema allows,
 * but for two things: an object with optional properties comes with all of them or with none, and properties nobody named come only
 * where the schema names none at all.
 * @see https://node-llama-cpp.withcat.ai/guide/grammar#json-schema
 */
export function grammarSchema(schema: JsonSchema): JsonSchema {
  return convert(schema, schema, 0);
}

function convert(value: Json | undefined, root: JsonSchema, depth: number): JsonSchema {
  if (!isObject(value) || depth > maxDepth) return anything;
  const next = (inner: Json | undefined): JsonSchema => convert(inner, root, depth + 1);
  if (typeof value.$ref === "string") return next(lookUp(value.$ref, root));
  if (isScalar(value.const)) return { const: value.const };
  if (Array.isArray(value.enum) && value.enum.length > 0 && value.enum.every(isScalar)) return { enum: value.enum };
  const choices = value.oneOf ?? value.anyOf;
  if (Array.isArray(choices) && choices.length > 0) return { oneOf: choices.map(next) };
  if (Array.isArray(value.allOf)) return next(mergeObjects(value, value.allOf, root));
  if (Array.isArray(value.type)) return { oneOf: value.type.map((type) => next({ ...value, type })) };
  switch (value.type ?? impliedType(value)) {
    case "object":
      return convertObject(value, next);
    case "array":
      return convertArray(value, next);
    case "string":
      return convertString(value);
    case "number":
    case "integer":
    case "boolean":
    case "null":
      return { type: value.type ?? "null" };
    default:
      return anything;
  }
}

function convertObject(schema: JsonObject, next: (inner: Json | undefined) => JsonSchema): JsonSchema {
  const properties = isObject(schema.properties) ? Object.entries(schema.properties) : [];
  if (properties.length === 0) {
    if (schema.additionalProperties === false) return { type: "object", properties: {} };
    const values = isObject(schema.additionalProperties) ? next(schema.additionalProperties) : true;
    return { type: "object", additionalProperties: values };
  }
  const required = Array.isArray(schema.required) ? schema.required : [];
  const all = properties.map(([name, inner]) => [name, next(inner)] as const);
  const needed = all.filter(([name]) => required.includes(name));
  const whole = { type: "object", properties: Object.fromEntries(all) };
  if (needed.length === all.length) return whole;
  return { oneOf: [{ type: "object", properties: Object.fromEntries(needed) }, whole] };
}

function convertArray(schema: JsonObject, next: (inner: Json | undefined) => JsonSchema): JsonSchema {
  return {
    type: "array",
    ...(schema.items === undefined || typeof schema.items === "boolean" ? {} : { items: next(schema.items) }),
    ...(Array.isArray(schema.prefixItems) ? { prefixItems: schema.prefixItems.map(next) } : {}),
    ...bounds(schema, "minItems", "maxItems"),
  };
}

function convertString(schema: JsonObject): JsonSchema {
  const { format } = schema;
  if (format === "date-time" || format === "time" || format === "date") return { type: "string", format };
  return { type: "string", ...bounds(schema, "minLength", "maxLength") };
}

function bounds(schema: JsonObject, least: string, most: string): JsonObject {
  const kept: JsonObject = {};
  for (const name of [least, most]) {
    const bound = schema[name];
    if (typeof bound === "number" && bound >= 0 && bound <= maxBound) kept[name] = bound;
  }
  return kept;
}

/** The usual way to extend an object: its parts' properties and required names together. */
function mergeObjects(schema: JsonObject, parts: readonly Json[], root: JsonSchema): JsonSchema | undefined {
  const properties: JsonObject = {};
  const required: Json[] = [];
  for (const part of [schema, ...parts]) {
    const resolved = isObject(part) && typeof part.$ref === "string" ? lookUp(part.$ref, root) : part;
    if (!isObject(resolved)) return undefined;
    if (isObject(resolved.properties)) Object.assign(properties, resolved.properties);
    if (Array.isArray(resolved.required)) required.push(...resolved.required);
  }
  return Object.keys(properties).length === 0 ? undefined : { type: "object", properties, required };
}

function impliedType(schema: JsonObject): string | undefined {
  if (schema.properties !== undefined) return "object";
  return schema.items !== undefined || schema.prefixItems !== undefined ? "array" : undefined;
}

function lookUp(reference: string, root: JsonSchema): Json | undefined {
  if (!reference.startsWith("#")) return undefined;
  let found: Json | undefined = root;
  for (const step of reference.split("/").slice(1)) {
    const key = decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~");
    if (Array.isArray(found)) found = found[Number(key)];
    else if (isObject(found) && Object.hasOwn(found, key)) found = found[key];
    else return undefined;
  }
  return found;
}

function isScalar(value: Json | undefined): value is string | number | boolean | null {
  return value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
