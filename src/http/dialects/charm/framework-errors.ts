import type { FastifySchemaCompiler } from "fastify";
import { z } from "zod";
import { RunyardError } from "../../../contract/errors.ts";

/** One problem of a request, as the product's framework tells it. */
export interface Problem {
  loc: (string | number)[];
  msg: string;
  type: string;
  input?: unknown;
  ctx?: Record<string, string>;
}

/** A request that does not fit its schema; all its problems, in the order of the fields. Answered with 422. */
export class SchemaError extends RunyardError {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super("invalid_field_value", problems.map(({ loc, msg }) => `${loc.join(".")}: ${msg}`).join("; "));
    this.name = "SchemaError";
    this.problems = problems;
  }
}

/** Where a part of a request stands in the framework's `loc`. */
const places: Record<string, string | undefined> = {
  body: "body",
  querystring: "query",
  params: "path",
  headers: "header",
};

/** Checks each part of a request against its zod schema and refuses it like the product's framework does. */
export const frameworkValidator: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart }) => {
  const place = places[httpPart ?? ""] ?? "body";
  return (part: unknown) => {
    const result = place === "body" ? checkBody(schema, part) : check(schema, part ?? {}, place);
    return "problems" in result ? { error: new SchemaError(result.problems) } : result;
  };
};

function checkBody(schema: z.ZodType, body: unknown): { value: unknown } | { problems: Problem[] } {
  if (body === undefined || body === null) {
    return { problems: [{ type: "missing", loc: ["body"], msg: "Field required", input: null }] };
  }
  return check(schema, body, "body");
}

function check(schema: z.ZodType, data: unknown, place: string): { value: unknown } | { problems: Problem[] } {
  const result = schema.safeParse(data);
  if (result.success) {
    const problems = place === "path" ? unstorableNames(data) : [];
    return problems.length > 0 ? { problems } : { value: result.data };
  }
  return { problems: describeProblems(result.error, data, [place]) };
}

/** No database column holds a NUL. Bodies and queries are looked at where they are read. */
function unstorableNames(params: unknown): Problem[] {
  if (typeof params !== "object" || params === null) return [];
  const faulty = Object.entries(params).filter(([, value]) => typeof value === "string" && value.includes("\0"));
  const msg = "Value error, text may not contain a NUL character";
  return faulty.map(([name]) => ({ type: "value_error", loc: ["path", name], msg }));
}

/**
 * The framework's words for what a schema complains of.
 *
 * @param data what was checked
 * @param at where it stands in the request
 */
export function describeProblems(error: z.ZodError, data: unknown, at: readonly (string | number)[]): Problem[] {
  return error.issues.map((issue) => {
    const path = issue.path.map((key) => (typeof key === "number" ? key : String(key)));
    const value = valueAt(data, path);
    const loc = [...at, ...path];
    if (value === undefined) {
      return withInput({ type: "missing", loc, msg: "Field required" }, valueAt(data, path.slice(0, -1)));
    }
    return withInput({ ...complaintOf(issue, path.length === 0), loc }, value);
  });
}

const typeComplaints: Record<string, { type: string; msg: string } | undefined> = {
  string: { type: "string_type", msg: "Input should be a valid string" },
  record: { type: "dict_type", msg: "Input should be a valid dictionary" },
  object: { type: "dict_type", msg: "Input should be a valid dictionary" },
  array: { type: "list_type", msg: "Input should be a valid list" },
  number: { type: "float_type", msg: "Input should be a valid number" },
  boolean: { type: "bool_type", msg: "Input should be a valid boolean" },
};

export const notAnObject = {
  type: "model_attributes_type",
  msg: "Input should be a valid dictionary or object to extract fields from",
} as const;

const complaintSchema = z.object({ type: z.string(), msg: z.string() });

function complaintOf(issue: z.core.$ZodIssue, isWhole: boolean): { type: string; msg: string } {
  if (issue.code === "invalid_type") {
    if (isWhole && issue.expected === "object") return notAnObject;
    const known = typeComplaints[issue.expected];
    if (known !== undefined) return known;
  }
  if (issue.code === "custom") {
    const given = complaintSchema.safeParse(issue.params);
    if (given.success) return given.data;
  }
  return { type: "value_error", msg: issue.message };
}

/** Long values are left out: an answer is no place for a whole document. */
function withInput(problem: Problem, input: unknown): Problem {
  const length = JSON.stringify(input)?.length ?? 0;
  return length > 0 && length <= longestInput ? { ...problem, input } : problem;
}

const longestInput = 1000;

function valueAt(data: unknown, path: readonly (string | number)[]): unknown {
  let value: unknown = data;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}

/** A body that its handler checks, because another kind of body may come by the same path. @throws SchemaError */
export function parseBody<S extends z.ZodType>(schema: S, body: unknown): z.infer<S> {
  if (body === undefined || body === null) throw new SchemaError([missingBody]);
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  throw new SchemaError(describeProblems(result.error, body, ["body"]));
}

const missingBody: Problem = { type: "missing", loc: ["body"], msg: "Field required", input: null };
