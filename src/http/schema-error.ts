import type { FastifySchemaCompiler } from "fastify";
import { z } from "zod";
import { RunyardError } from "../contract/errors.ts";

/**
 * Checks each part of a request against its zod schema; the handler gets the parsed value. An empty body is read as an
 * empty object: a call without members needs no body, and one that needs members is told which.
 */
export const validatorCompiler: FastifySchemaCompiler<z.ZodType> =
  ({ schema }) =>
  (part: unknown) => {
    const data = part ?? {};
    const result = schema.safeParse(data);
    return result.success ? { value: result.data } : { error: toSchemaError(result.error, data) };
  };

/**
 * One of our errors from the first complaint of a schema: which field, what was expected, what came.
 *
 * @param data what was checked, to tell an absent field from a wrong one and to quote the value
 */
export function toSchemaError(error: z.ZodError, data: unknown): RunyardError {
  const issue = deepestIssue(error.issues);
  if (issue === undefined) return new RunyardError("invalid_field_value", "The request does not fit its schema.");
  const param = issue.path.map(String).join(".");
  const value = valueAt(data, issue.path);
  if (param === "") {
    const what = value === undefined ? "missing" : show(value);
    return new RunyardError(
      value === undefined ? "missing_required_field" : "invalid_field_value",
      `The body must be ${expectation(issue)}, but is ${what}.`,
    );
  }
  if (value === undefined && issue.code !== "custom") {
    return new RunyardError("missing_required_field", `"${param}" is required: ${expectation(issue)}.`, { param });
  }
  return new RunyardError("invalid_field_value", `"${param}" must be ${expectation(issue)}, but is ${show(value)}.`, {
    param,
  });
}

/** Within a union the branch that got furthest is the one that was meant. */
function deepestIssue(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue | undefined {
  const [first] = issues;
  if (first?.code !== "invalid_union" || first.errors.length === 0) return first;
  let best: z.core.$ZodIssue | undefined;
  for (const branch of first.errors) {
    const inner = deepestIssue(branch);
    if (inner !== undefined && inner.path.length > (best?.path.length ?? 0)) best = inner;
  }
  return best === undefined ? first : { ...best, path: [...first.path, ...best.path] };
}

function expectation(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return withArticle(issue.expected);
    case "too_small":
      return bound(issue.origin, "at least", issue.minimum, issue.inclusive);
    case "too_big":
      return bound(issue.origin, "at most", issue.maximum, issue.inclusive);
    case "invalid_value":
      return issue.values.length === 1 ? quote(issue.values[0]) : `one of ${issue.values.map(quote).join(", ")}`;
    case "invalid_format":
      return formats[issue.format] ?? `text of the form ${issue.pattern ?? issue.format}`;
    case "not_multiple_of":
      return `a multiple of ${issue.divisor}`;
    case "unrecognized_keys":
      return `without ${issue.keys.map(quote).join(", ")}`;
    case "invalid_union":
      return describeUnion(issue);
    case "invalid_key":
    case "invalid_element":
      return deepestExpectation(issue.issues);
    case "custom":
      return issue.message;
    default:
      return "of another form";
  }
}

function describeUnion(issue: z.core.$ZodIssueInvalidUnion): string {
  const alternatives = issue.errors.flatMap((branch) => branch.slice(0, 1).map(expectation));
  return alternatives.length === 0 ? "one of the documented forms" : [...new Set(alternatives)].join(" or ");
}

function deepestExpectation(issues: readonly z.core.$ZodIssue[]): string {
  const [first] = issues;
  return first === undefined ? "of another form" : `an object whose names are ${expectation(first)}`;
}

function bound(origin: string, word: string, limit: number | bigint, inclusive: boolean | undefined): string {
  const amount =
    inclusive === false ? `${word === "at least" ? "more than" : "less than"} ${limit}` : `${word} ${limit}`;
  switch (origin) {
    case "string":
      return `text of ${amount} character${limit === 1 ? "" : "s"}`;
    case "array":
    case "set":
      return `a list of ${amount} item${limit === 1 ? "" : "s"}`;
    case "object":
    case "record":
    case "map":
      return `an object of ${amount} member${limit === 1 ? "" : "s"}`;
    default:
      return amount;
  }
}

const formats: Record<string, string | undefined> = {
  url: "an absolute http or https URL",
  uuid: "a UUID",
  datetime: "an RFC 3339 date-time",
  date: "a date YYYY-MM-DD",
};

function withArticle(type: string): string {
  if (type === "record") return "an object";
  if (type === "int") return "a whole number";
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`;
}

function quote(value: unknown): string {
  return typeof value === "string" ? `"${value}"` : String(value);
}

function valueAt(data: unknown, path: readonly PropertyKey[]): unknown {
  let value: unknown = data;
  for (const key of path) {
    // A schema may look into a value that has another form, such as a tool given by its bare name.
    if (typeof value !== "object" || value === null) return value;
    if (!Object.hasOwn(value, key)) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}

/** The value as JSON, cut short: it is the caller's own, but an error is no place for a whole document. */
function show(value: unknown): string {
  if (value === undefined) return "missing";
  const text = JSON.stringify(value) ?? typeof value;
  return text.length <= maxShown ? text : `${text.slice(0, maxShown).toWellFormed()}…`;
}

const maxShown = 60;
