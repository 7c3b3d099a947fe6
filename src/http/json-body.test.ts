import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { maxJsonDepth, parseJsonBody } from "./json-body.ts";

const parse = (text: string) => parseJsonBody(Buffer.from(text));
const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);

describe("parseJsonBody", () => {
  it("reads what JSON.parse reads", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5, noUnicodeString: true }), (value) => {
        const text = JSON.stringify(value);
        fc.pre(!text.includes("__proto__"));
        expect(parse(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it("takes the deepest allowed body and refuses one level more", () => {
    expect(() => parse(nested(maxJsonDepth))).not.toThrow();
    expect(() => parse(nested(maxJsonDepth + 1))).toThrow(expect.objectContaining({ code: "invalid_json" }));
  });

  it("counts no brackets inside of text", () => {
    expect(parse(JSON.stringify({ text: `"${"[{".repeat(200)}\\` }))).toEqual({ text: `"${"[{".repeat(200)}\\` });
  });

  it("refuses a million brackets at once", () => {
    expect(() => parse("[".repeat(1_000_000))).toThrow(expect.objectContaining({ code: "invalid_json" }));
  });

  it("does not quote the body in its error", () => {
    expect(() => parse('{"password": hunter2}')).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining("hunter2") }),
    );
  });

  it.each([
    ['{"a":{"b":["x","y\\u0000"]}}', "a.b.1"],
    ['{"a":"\\ud800"}', "a"],
    ['{"a":"\\udc00\\ud800"}', "a"],
    ['{"a":{"\\u0000":1}}', "a"],
    ['{"a":{"__proto__":{"b":1}}}', "a"],
    ['{"a":{"\\u005f_proto__":{"b":1}}}', "a"],
  ])("refuses %s, naming the field", (text, param) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: "invalid_field_value", param }));
  });

  it("takes whole surrogate pairs and other escapes", () => {
    expect(parse('{"a":"\\ud83d\\ude00 \\u0001 \\u00e9"}')).toEqual({ a: "😀 \u0001 é" });
  });
});
