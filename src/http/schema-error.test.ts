import { describe, expect, it } from "vitest";
import { z } from "zod";
import { toSchemaError } from "./schema-error.ts";

const schema = z.object({
  name: z.string().min(1).max(5),
  count: z.int().min(1).max(10).optional(),
  kind: z.enum(["a", "b"]).optional(),
  url: z.url().optional(),
  list: z
    .array(z.object({ id: z.string() }))
    .max(2)
    .optional(),
  labels: z.record(z.string().max(3), z.union([z.string().max(4), z.number()])).optional(),
  either: z.union([z.string(), z.object({ deep: z.object({ value: z.number() }) })]).optional(),
});

function errorOf(data: unknown) {
  const result = schema.safeParse(data);
  if (result.success) throw new Error("the data fit");
  const { code, param, message } = toSchemaError(result.error, data);
  return { code, param, message };
}

describe("toSchemaError", () => {
  it("tells an absent field from a wrong one", () => {
    expect(errorOf({})).toEqual({
      code: "missing_required_field",
      param: "name",
      message: '"name" is required: a string.',
    });
    expect(errorOf({ name: null })).toMatchObject({
      code: "invalid_field_value",
      message: '"name" must be a string, but is null.',
    });
  });

  it.each([
    [{ name: "" }, "name", 'text of at least 1 character, but is ""'],
    [{ name: "abcdef" }, "name", "text of at most 5 characters"],
    [{ name: "a", count: 11 }, "count", "at most 10, but is 11"],
    [{ name: "a", count: 1.5 }, "count", "a whole number, but is 1.5"],
    [{ name: "a", kind: "c" }, "kind", 'one of "a", "b", but is "c"'],
    [{ name: "a", url: "x" }, "url", 'an absolute http or https URL, but is "x"'],
    [{ name: "a", list: [{ id: "x" }, { id: 1 }] }, "list.1.id", "a string, but is 1"],
    [{ name: "a", list: [1] }, "list.0", "an object, but is 1"],
    [{ name: "a", list: [{ id: "1" }, { id: "2" }, { id: "3" }] }, "list", "a list of at most 2 items"],
    [{ name: "a", labels: { toolong: 1 } }, "labels.toolong", "names"],
    [{ name: "a", labels: { a: true } }, "labels.a", "a string or a number, but is true"],
    [{ name: "a", either: { deep: { value: "x" } } }, "either.deep.value", 'a number, but is "x"'],
  ])("says what was expected and what came: %j", (data, param, words) => {
    const error = errorOf(data);
    expect(error).toMatchObject({ code: "invalid_field_value", param });
    expect(error.message).toContain(words);
  });

  it("speaks of the body when the whole of it is wrong", () => {
    expect(errorOf([1])).toEqual({
      code: "invalid_field_value",
      param: undefined,
      message: "The body must be an object, but is [1].",
    });
  });

  it("cuts long values short, without splitting a character", () => {
    const { message } = errorOf({ name: "😀".repeat(500) });
    expect(message.length).toBeLessThan(150);
    expect(message.isWellFormed()).toBe(true);
  });
});
