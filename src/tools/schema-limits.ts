import type { Json, JsonSchema } from "../contract/json.ts";
import { isPlainJson } from "./plain-json.ts";

const maxSchemaBytes = 64 * 1024;
const maxSchemaDepth = 64;

/** Why a schema cannot be used. `path` leads into the schema with dots; empty for the whole. */
export interface SchemaProblem {
  path: string;
  message: string;
}

/** Keywords whose value is a map from free names to schemas. */
const schemaMaps: ReadonlySet<string> = new Set([
  "properties",
  "patternProperties",
  "$defs",
  "definitions",
  "dependentSchemas",
  "dependencies",
]);
/** Keywords whose value is data, in which nothing is a keyword. */
const dataKeywords: ReadonlySet<string> = new Set(["const", "enum", "default", "examples", "example"]);
const referenceKeywords: ReadonlySet<string> = new Set(["$ref", "$dynamicRef", "$recursiveRef"]);
/** Keywords that can cost more than the size of schema and value suggests. */
const costlyKeywords: ReadonlySet<string> = new Set([
  ...referenceKeywords,
  "pattern",
  "patternProperties",
  "uniqueItems",
]);

/**
 * Looks at a schema written by somebody we do not trust, before it is compiled.
 * @returns the first problem; else the schema as text, and whether checking a value can cost more than its size suggests
 */
export function inspectSchema(
  schema: JsonSchema,
): { problem: SchemaProblem } | { problem: undefined; text: string; costly: boolean } {
  if (!isPlainJson(schema, maxSchemaDepth)) {
    return {
      problem: { path: "", message: `expected JSON of at most ${maxSchemaDepth} levels, came something deeper` },
    };
  }
  const text = JSON.stringify(schema);
  const bytes = Buffer.byteLength(text);
  if (bytes > maxSchemaBytes) {
    return { problem: { path: "", message: `expected at most ${maxSchemaBytes} bytes, came ${bytes}` } };
  }
  const walk: Walk = { problem: undefined, costly: false };
  walkSchema(schema, [], walk);
  if (walk.problem !== undefined) return { problem: walk.problem };
  return { problem: undefined, text, costly: walk.costly };
}

interface Walk {
  problem: SchemaProblem | undefined;
  costly: boolean;
}

function walkSchema(value: Json, path: readonly string[], walk: Walk): void {
  if (typeof value !== "object" || value === null || walk.problem !== undefined) return;
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) walkSchema(item, [...path, String(index)], walk);
    return;
  }
  for (const [key, child] of Object.entries(value)) {
    if (dataKeywords.has(key)) continue;
    const childPath = [...path, key];
    if (costlyKeywords.has(key)) walk.costly = true;
    if (referenceKeywords.has(key) && typeof child === "string" && !child.startsWith("#")) {
      walk.problem ??= {
        path: childPath.join("."),
        message: `expected a reference inside the schema that begins with "#", came ${JSON.stringify(child)}; nothing is fetched`,
      };
    }
    // It would make the compiled check answer with a promise, which is always true.
    if (key === "$async") walk.problem ??= { path: childPath.join("."), message: "$async is not allowed" };
    if (schemaMaps.has(key) && typeof child === "object" && child !== null && !Array.isArray(child)) {
      for (const [name, schema] of Object.entries(child)) walkSchema(schema, [...childPath, name], walk);
    } else {
      walkSchema(child, childPath, walk);
    }
  }
}
