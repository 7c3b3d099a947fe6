import { describe, expect, it } from "vitest";
import { grammarSchema } from "./grammar-schema.ts";

describe("grammarSchema", () => {
  it("keeps what the grammar knows", () => {
    expect(
      grammarSchema({
        type: "object",
        properties: { name: { type: "string", minLength: 1 }, tags: { type: "array", items: { enum: ["a", "b"] } } },
        required: ["name", "tags"],
      }),
    ).toEqual({
      type: "object",
      properties: { name: { type: "string", minLength: 1 }, tags: { type: "array", items: { enum: ["a", "b"] } } },
    });
  });

  it("offers an object with optional properties with all of them and with none", () => {
    const schema = grammarSchema({
      type: "object",
      properties: { a: { type: "string" }, b: { type: "integer" } },
      required: ["a"],
    });
    expect(schema).toEqual({
      oneOf: [
        { type: "object", properties: { a: { type: "string" } } },
        { type: "object", properties: { a: { type: "string" }, b: { type: "integer" } } },
      ],
    });
  });

  it("drops bounds that would make the grammar slow, patterns and ranges", () => {
    expect(grammarSchema({ type: "string", minLength: 1, maxLength: 1_000, pattern: "^a" })).toEqual({
      type: "string",
      minLength: 1,
    });
    expect(grammarSchema({ type: "number", minimum: 3 })).toEqual({ type: "number" });
  });

  it("puts references in place and survives one that goes in circles", () => {
    const schema = grammarSchema({
      $defs: { point: { type: "object", properties: { x: { type: "number" } }, required: ["x"] } },
      type: "array",
      items: { $ref: "#/$defs/point" },
    });
    expect(schema).toEqual({ type: "array", items: { type: "object", properties: { x: { type: "number" } } } });
    expect(() => grammarSchema({ type: "array", items: { $ref: "#" } })).not.toThrow();
  });

  it("turns anyOf, several types and joined objects into choices and one object", () => {
    expect(grammarSchema({ anyOf: [{ const: 1 }, { type: "null" }] })).toEqual({
      oneOf: [{ const: 1 }, { type: "null" }],
    });
    expect(grammarSchema({ type: ["string", "null"] })).toEqual({ oneOf: [{ type: "string" }, { type: "null" }] });
    expect(
      grammarSchema({
        allOf: [
          { properties: { a: { type: "string" } }, required: ["a"] },
          { properties: { b: { type: "string" } }, required: ["b"] },
        ],
      }),
    ).toEqual({ type: "object", properties: { a: { type: "string" }, b: { type: "string" } } });
  });

  it("lets anything pass where it cannot say what", () => {
    const anything = { type: "object", additionalProperties: true };
    expect(grammarSchema({})).toMatchObject({ oneOf: expect.arrayContaining([anything]) });
    expect(grammarSchema({ type: "object" })).toEqual(anything);
    expect(grammarSchema({ type: "object", properties: {}, additionalProperties: false })).toEqual({
      type: "object",
      properties: {},
    });
  });
});
