import type { RunyardError } from "../../../contract/errors.ts";
import { httpStatus } from "../../error-status.ts";
import { notAnObject, type Problem, SchemaError } from "./framework-errors.ts";
import { withPlainIds } from "./plain-ids.ts";

/**
 * Errors as the product's framework answers them: `{"detail": "text"}`, and for a request that cannot be taken as it is
 * 422 with `{"detail": [{loc, msg, type}]}`.
 */
export function renderError(error: RunyardError): { status: number; body: string } {
  const { status, detail } = describeError(error);
  return { status, body: JSON.stringify({ detail }) };
}

/** Errors of the Store API: its clients print `error`. */
export function renderStoreError(error: RunyardError): { status: number; body: string } {
  const { status, detail } = describeError(error);
  const text = typeof detail === "string" ? detail : detail.map(describeProblem).join("; ");
  return { status, body: JSON.stringify({ error: text, detail }) };
}

function describeError(error: RunyardError): { status: number; detail: string | readonly Problem[] } {
  if (error instanceof SchemaError) return { status: 422, detail: error.problems };
  const message = withPlainIds(error.message);
  switch (error.code) {
    case "route_not_found":
      return { status: 404, detail: "Not Found" };
    case "method_not_allowed":
      return { status: 405, detail: "Method Not Allowed" };
    case "invalid_json": {
      const position = Number(/position (\d+)/.exec(message)?.[1] ?? 0);
      const problem = { type: "json_invalid", loc: ["body", position], msg: "JSON decode error", input: {} };
      return { status: 422, detail: [{ ...problem, ctx: { error: message } }] };
    }
    case "unsupported_media_type":
      return { status: 422, detail: [{ ...notAnObject, loc: ["body"] }] };
    case "body_too_large":
      return { status: 413, detail: message };
    default:
  }
  const status = httpStatus(error);
  if (status !== 400 && status !== 422) return { status, detail: message };
  return { status: 422, detail: [{ type: "value_error", loc: placeOf(error.param), msg: message }] };
}

/** Operations name the fields of a request by their own words; the wire writes them in snake case. */
function placeOf(param: string | undefined): string[] {
  if (param === undefined) return ["body"];
  const path = param.split(".").map((name) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
  return ["body", ...path];
}

function describeProblem({ loc, msg }: Problem): string {
  const place = loc.slice(1).join(".");
  return place === "" ? msg : `${place}: ${msg}`;
}
