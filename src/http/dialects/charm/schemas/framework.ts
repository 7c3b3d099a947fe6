import { z } from "zod";
import { jsonObjectSchema } from "../../../../contract/json.ts";

/**
 * The plain types of the product's own framework: strings are strict, numbers and booleans are also read out of text, and
 * null is a value only where a schema says so (`.nullish()`). Each refuses with the framework's own words.
 *
 * @see https://docs.pydantic.dev/latest/concepts/conversion_table/
 */
export const text = z.string();

/** An object with any JSON in it. */
export const object = jsonObjectSchema;

export const textByName = z.record(z.string(), z.string());

/** What refuses a value: the framework's name of the problem and its words. */
export interface Complaint {
  type: string;
  msg: string;
}

export const complaints = {
  intType: { type: "int_type", msg: "Input should be a valid integer" },
  intParsing: {
    type: "int_parsing",
    msg: "Input should be a valid integer, unable to parse string as an integer",
  },
  intFromFloat: {
    type: "int_from_float",
    msg: "Input should be a valid integer, got a number with a fractional part",
  },
  floatType: { type: "float_type", msg: "Input should be a valid number" },
  floatParsing: { type: "float_parsing", msg: "Input should be a valid number, unable to parse string as a number" },
  boolType: { type: "bool_type", msg: "Input should be a valid boolean" },
  boolParsing: { type: "bool_parsing", msg: "Input should be a valid boolean, unable to interpret input" },
} as const satisfies Record<string, Complaint>;

/** Past what can be counted exactly it is the last number that can. */
export const integer = z.preprocess((value, context) => {
  const number = readInteger(value);
  return isComplaint(number) ? refuse(context, value, number) : number;
}, z.int());

export const number = z.preprocess((value, context) => {
  const number = readNumber(value);
  return isComplaint(number) ? refuse(context, value, number) : number;
}, z.number());

export const boolean = z.preprocess((value, context) => {
  const flag = readBoolean(value);
  return isComplaint(flag) ? refuse(context, value, flag) : flag;
}, z.boolean());

/** `limit` of a query. Whatever number is sent, at least 1 and at most `most` are given. */
export function limitQuery(usual: number, most = 500) {
  return lastOf(integer)
    .default(usual)
    .transform((count) => Math.min(most, Math.max(1, count)));
}

/** `offset` of a query: how many to pass over. */
export function offsetQuery() {
  return lastOf(integer)
    .default(0)
    .transform((count) => Math.max(0, count));
}

/** A text of a query. */
export const textQuery = lastOf(text);

/** Of a parameter that is given twice, the last counts. */
function lastOf<S extends z.ZodType>(schema: S) {
  return z.preprocess((value) => (Array.isArray(value) ? value.at(-1) : value), schema);
}

function readInteger(value: unknown): unknown {
  switch (typeof value) {
    case "string":
      return /^\s*[+-]?\d+(\.0*)?\s*$/.test(value) ? countable(Number(value)) : complaints.intParsing;
    case "number":
      return Number.isInteger(value) ? countable(value) : complaints.intFromFloat;
    case "boolean":
      return value ? 1 : 0;
    case "undefined":
      return value;
    default:
      return complaints.intType;
  }
}

function countable(value: number): number {
  return Math.min(Number.MAX_SAFE_INTEGER, Math.max(Number.MIN_SAFE_INTEGER, value));
}

function readNumber(value: unknown): unknown {
  switch (typeof value) {
    case "string": {
      const isNumber = /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(value) && Number.isFinite(Number(value));
      return isNumber ? Number(value) : complaints.floatParsing;
    }
    case "number":
    case "undefined":
      return value;
    case "boolean":
      return value ? 1 : 0;
    default:
      return complaints.floatType;
  }
}

const booleanWords = new Map([
  ...["1", "true", "t", "yes", "y", "on"].map((word) => [word, true] as const),
  ...["0", "false", "f", "no", "n", "off"].map((word) => [word, false] as const),
]);

function readBoolean(value: unknown): unknown {
  switch (typeof value) {
    case "string":
      return booleanWords.get(value.toLowerCase()) ?? complaints.boolParsing;
    case "number":
      return value === 0 || value === 1 ? value === 1 : complaints.boolParsing;
    case "boolean":
    case "undefined":
      return value;
    default:
      return complaints.boolType;
  }
}

const known: ReadonlySet<unknown> = new Set(Object.values(complaints));

function isComplaint(value: unknown): value is Complaint {
  return known.has(value);
}

function refuse(context: z.RefinementCtx, input: unknown, complaint: Complaint): never {
  context.issues.push({ code: "custom", input, params: { ...complaint }, message: complaint.msg });
  return z.NEVER;
}
