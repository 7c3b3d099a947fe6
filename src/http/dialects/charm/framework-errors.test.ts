import { describe, expect, test } from "vitest";
import { z } from "zod";
import { frameworkValidator, SchemaError } from "./framework-errors.ts";
import { boolean, integer, limitQuery, number, object, text, textByName } from "./schemas/framework.ts";

const schema = z.object({
  agent_id: text,
  version: text,
  payload: object.default({}),
  env_vars: textByName.default({}),
  history: z.array(z.unknown()).default([]),
  thread_id: text.nullish(),
  count: integer.default(3),
  price: number.default(1.5),
  flag: boolean.nullish(),
});

function validate(part: unknown, httpPart = "body", of: z.ZodType = schema): unknown {
  const check = frameworkValidator({ schema: of, method: "POST", url: "/", httpPart });
  const result: unknown = check(part);
  if (typeof result !== "object" || result === null) throw new Error("a validator answers with an object");
  if ("error" in result && result.error instanceof SchemaError) return result.error.problems;
  return "value" in result ? result.value : result;
}

describe("a body", () => {
  test("that is absent lacks itself", () => {
    expect(validate(undefined)).toEqual([{ type: "missing", loc: ["body"], msg: "Field required", input: null }]);
  });

  test("that is no object is told so", () => {
    expect(validate(["a"])).toMatchObject([{ type: "model_attributes_type", loc: ["body"] }]);
  });

  test("gets its defaults, and loses what nobody knows", () => {
    expect(validate({ agent_id: "a", version: "1", extra: true })).toEqual({
      agent_id: "a",
      version: "1",
      payload: {},
      env_vars: {},
      history: [],
      count: 3,
      price: 1.5,
    });
  });

  test("with several problems has all of them told, in the order of the fields", () => {
    const body = {
      version: 1,
      payload: null,
      env_vars: { KEY: 5 },
      history: {},
      thread_id: 7,
      count: "x",
      flag: "maybe",
    };
    expect(validate(body)).toMatchObject([
      { loc: ["body", "agent_id"], type: "missing", msg: "Field required" },
      { loc: ["body", "version"], type: "string_type", msg: "Input should be a valid string", input: 1 },
      { loc: ["body", "payload"], type: "dict_type", msg: "Input should be a valid dictionary" },
      { loc: ["body", "env_vars", "KEY"], type: "string_type" },
      { loc: ["body", "history"], type: "list_type", msg: "Input should be a valid list" },
      { loc: ["body", "thread_id"], type: "string_type" },
      { loc: ["body", "count"], type: "int_parsing" },
      { loc: ["body", "flag"], type: "bool_parsing" },
    ]);
  });
});

describe("numbers and booleans", () => {
  const read = (fields: Record<string, unknown>) => validate({ agent_id: "a", version: "1", ...fields });

  test("are read out of text", () => {
    expect(read({ count: " 12 ", price: "2.50", flag: "Yes" })).toMatchObject({ count: 12, price: 2.5, flag: true });
    expect(read({ count: 4, flag: 0 })).toMatchObject({ count: 4, flag: false });
  });

  test.each([
    [{ count: 1.5 }, "int_from_float"],
    [{ count: "1.5" }, "int_parsing"],
    [{ count: null }, "int_type"],
    [{ price: "a" }, "float_parsing"],
    [{ price: {} }, "float_type"],
    [{ flag: 2 }, "bool_parsing"],
    [{ flag: [] }, "bool_type"],
  ])("%j is %s", (fields, type) => {
    expect(read(fields)).toMatchObject([{ type }]);
  });
});

describe("a limit", () => {
  const query = z.object({ limit: limitQuery(20) });

  test.each([
    [{}, 20],
    [{ limit: "5" }, 5],
    [{ limit: "0" }, 1],
    [{ limit: "-7" }, 1],
    [{ limit: "99999999999999999999999" }, 500],
    [{ limit: ["1", "2"] }, 2],
  ])("%j is %i", (given, limit) => {
    expect(validate(given, "querystring", query)).toEqual({ limit });
  });

  test("that is no number is refused", () => {
    expect(validate({ limit: "many" }, "querystring", query)).toMatchObject([
      { loc: ["query", "limit"], type: "int_parsing" },
    ]);
  });
});
