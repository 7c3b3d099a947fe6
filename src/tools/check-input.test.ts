import { afterEach, describe, expect, it, vi } from "vitest";
import type { Json, JsonObject } from "../contract/json.ts";
import { checkInput, checkSchema, findMismatches } from "./check-input.ts";

const trip: JsonObject = {
  type: "object",
  properties: {
    city: { type: "string", pattern: "^[A-Z]" },
    days: { type: "integer", minimum: 1 },
    unit: { enum: ["c", "f"] },
    guests: { type: "array", items: { type: "object", required: ["name"], properties: { mail: { format: "email" } } } },
  },
  required: ["city"],
  additionalProperties: false,
};

describe("an input", () => {
  it("that fits has no mismatches", () => {
    expect(checkInput(trip, { city: "Rome", days: 2, unit: "c", guests: [{ name: "A", mail: "a@example.com" }] })).toBe(
      undefined,
    );
  });

  it("that does not fit is answered with path, what was expected and what came", () => {
    const guests: Json = [{ name: "A" }, { mail: "nobody" }];
    expect(checkInput(trip, { days: 0, unit: "kelvin", guests, extra: true })?.split("\n")).toEqual([
      "The input does not fit the tool's parameters:",
      '- the field "city" is missing',
      '- the field "extra" is not known',
      "- days: expected a number >= 1, came the number 0",
      '- unit: expected one of ["c","f"], came the string "kelvin"',
      '- guests[1]: the field "name" is missing',
      '- guests[1].mail: expected text of the format email, came the string "nobody"',
    ]);
  });

  it("is reported with at most ten mismatches", () => {
    const input = { list: Array.from({ length: 50 }, () => "x") };
    const schema: JsonObject = { type: "object", properties: { list: { type: "array", items: { type: "number" } } } };
    expect(findMismatches(schema, input)).toHaveLength(10);
  });

  it("may not have more values than can be checked", () => {
    const input = Array.from({ length: 50_000 }, () => 1);
    expect(checkInput({ type: "array" }, input)).toContain("50001 values");
  });

  it("may have keys that are names of JavaScript", () => {
    const schema: Json = JSON.parse(
      '{"type":"object","required":["__proto__","constructor"],"additionalProperties":false}',
    );
    if (typeof schema !== "object" || schema === null || Array.isArray(schema)) throw new Error("expected an object");
    expect(checkInput(schema, { a: 1 })).toContain('the field "constructor" is missing');
  });
});

describe("a schema", () => {
  it.each<[string, JsonObject]>([
    [
      "of draft 2020-12",
      { $schema: "https://json-schema.org/draft/2020-12/schema", prefixItems: [{ type: "string" }] },
    ],
    [
      "of draft-07",
      {
        $schema: "http://json-schema.org/draft-07/schema#",
        definitions: { a: {} },
        items: [{ $ref: "#/definitions/a" }],
      },
    ],
    ["without a draft", { type: "object" }],
    ["in the form of draft-07 without a draft", { type: "array", items: [{ type: "string" }] }],
    ["with unknown keywords and formats", { type: "string", format: "colour", "x-order": 1 }],
    [
      "with properties named like keywords",
      { type: "object", properties: { $ref: { type: "string" }, $async: { type: "boolean" } } },
    ],
    ["with data that looks like a reference", { const: { $ref: "https://elsewhere.example/x" } }],
    ["with a pattern that is valid only without the Unicode flag", { type: "string", pattern: "^\\-$" }],
    ["with an id", { $id: "https://example.com/a", $defs: { a: {} }, $ref: "#/$defs/a" }],
  ])("%s can be used", (_name, schema) => {
    expect(checkSchema(schema)).toBe(undefined);
  });

  it.each<[string, JsonObject, string, RegExp]>([
    [
      "refers to elsewhere",
      { properties: { a: { $ref: "https://elsewhere.example/x" } } },
      "properties.a.$ref",
      /inside the schema/,
    ],
    ["is asynchronous", { $async: true, type: "string" }, "$async", /not allowed/],
    ["has a part that is asynchronous", { allOf: [{ $async: true }] }, "allOf.0.$async", /not allowed/],
    ["refers to what is not there", { $ref: "#/$defs/none" }, "", /can't resolve/],
    ["has a type that does not exist", { properties: { a: { type: "strin" } } }, "properties.a.type", /"strin"/],
    ["has a pattern that cannot be read", { pattern: "(" }, "", /regular expression/],
    ["is of an unknown draft", { $schema: "http://json-schema.org/draft-04/schema#" }, "$schema", /draft-07/],
    ["is too large", { description: "x".repeat(70_000) }, "", /at most 65536 bytes/],
    ["is too deep", nest(100), "", /64 levels/],
  ])("that %s cannot", (_name, schema, path, message) => {
    expect(checkSchema(schema)).toEqual({ path, message: expect.stringMatching(message) });
    expect(checkInput(schema, {})).toContain("its schema cannot be used");
  });

  it("that cannot be used is looked at once, however many equal copies of it come", () => {
    const first = checkSchema({ type: "nothing", title: "copies" });
    expect(first).toBeDefined();
    expect(checkSchema({ type: "nothing", title: "copies" })).toBe(first);
  });

  it("may refer to itself", () => {
    const tree: JsonObject = {
      type: "object",
      properties: { children: { type: "array", items: { $ref: "#" } } },
      required: ["children"],
    };
    expect(checkInput(tree, { children: [{ children: [] }] })).toBe(undefined);
    expect(checkInput(tree, { children: [{ children: [] }, {}] })).toContain("children[1]: the field");
  });
});

describe("a hostile schema", () => {
  afterEach(() => vi.restoreAllMocks());

  const tooLong = /too long to check/;

  it("with a catastrophic pattern is ended, and then no longer tried", () => {
    const schema: JsonObject = { type: "string", pattern: "^(a+)+$", title: "slow" };
    const input = `${"a".repeat(60)}!`;
    expect(checkInput(schema, input)).toMatch(tooLong);
    expect(checkInput(schema, input)).toMatch(tooLong);
    expect(checkInput(schema, input)).toMatch(tooLong);
    expect(checkInput(schema, "aaa")).toMatch(/its schema takes too long/);
  });

  it("with references that multiply is ended", () => {
    const defs: JsonObject = { d40: { type: "string" } };
    for (let level = 0; level < 40; level += 1) {
      const next = { $ref: `#/$defs/d${level + 1}` };
      defs[`d${level}`] = { allOf: [next, next] };
    }
    expect(checkInput({ $defs: defs, $ref: "#/$defs/d0" }, 1)).toMatch(tooLong);
  });

  it("that refers to itself without end is ended", () => {
    expect(checkInput({ $ref: "#" }, 1)).toMatch(tooLong);
    expect(checkInput({ allOf: [{ $ref: "#" }] }, 1)).toMatch(tooLong);
  });

  it("cannot bring code of its own", () => {
    const exit = vi.spyOn(process, "exit").mockImplementation(() => {
      throw new Error("escaped");
    });
    const code = "process.exit(1)";
    const spellings = [`"+${code}+"`, `'];${code};//`, `\`\${${code}}\``, `\u2028${code}`];
    const schema: JsonObject = {
      type: "object",
      title: "code",
      required: spellings,
      properties: Object.fromEntries(spellings.map((spelling) => [spelling, { const: spelling, default: spelling }])),
      patternProperties: Object.fromEntries(spellings.map((spelling) => [spelling.replaceAll(/[()[\]+]/g, ""), {}])),
      enum: spellings,
      $comment: spellings.join(""),
    };
    checkInput(schema, {});
    checkInput(schema, Object.fromEntries(spellings.map((spelling) => [spelling, spelling])));
    expect(exit).not.toHaveBeenCalled();
  });
});

function nest(levels: number): JsonObject {
  let schema: JsonObject = {};
  for (let level = 0; level < levels; level += 1) schema = { not: schema };
  return schema;
}
