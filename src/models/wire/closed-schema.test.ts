import { expect, test } from "vitest";
import type { JsonSchema } from "../../contract/json.ts";
import { isClosedSchema } from "./closed-schema.ts";

const closed = (properties: JsonSchema, more: JsonSchema = {}): JsonSchema => ({
  type: "object",
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
  ...more,
});
const open: JsonSchema = { type: "object", properties: { a: { type: "string" } } };

test.each<[string, JsonSchema, boolean]>([
  ["nothing in it", closed({}), true],
  ["values and lists", closed({ a: { type: "string" }, b: { type: "array", items: { type: "number" } } }), true],
  ["closed objects inside", closed({ a: closed({}), b: { type: "array", items: closed({}) } }), true],
  ["closed alternatives", closed({ a: { anyOf: [{ type: "null" }, closed({})] } }), true],
  ["closed definitions", closed({}, { $defs: { a: closed({}) } }), true],
  ["a property that may be absent", closed({ a: { type: "string" } }, { required: [] }), false],
  ["other properties allowed", open, false],
  ["an open object inside", closed({ a: open }), false],
  ["an open object in a list", closed({ a: { type: "array", items: open } }), false],
  ["an open alternative", closed({ a: { anyOf: [open] } }), false],
  ["an open definition", closed({}, { $defs: { a: open } }), false],
  ["keywords that providers do not know", closed({ a: { oneOf: [closed({})] } }), false],
  ["no object at its top", { type: "array", items: closed({}) }, false],
])("a schema with %s", (_name, schema, expected) => {
  expect(isClosedSchema(schema, { everyPropertyRequired: true })).toBe(expected);
});

test("properties may be absent where the rule does not ask for all", () => {
  const schema = closed({ a: { type: "string" } }, { required: [] });
  expect(isClosedSchema(schema, { everyPropertyRequired: false })).toBe(true);
});
