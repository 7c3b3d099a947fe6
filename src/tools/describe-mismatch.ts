import type { ErrorObject } from "ajv";
import type { Json } from "../contract/json.ts";

/** Puts one finding of the schema check in words: where it is, what was expected, what came. */
export function describeMismatch(error: ErrorObject, root: Json): { path: string; message: string } {
  const keys = error.instancePath
    .split("/")
    .slice(1)
    .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
  return { path: writePath(keys), message: describe(error, valueAt(root, keys)) };
}

function describe(error: ErrorObject, value: Json | undefined): string {
  const params: Record<string, unknown> = error.params;
  switch (error.keyword) {
    case "required":
      return `the field ${quote(params["missingProperty"])} is missing`;
    case "additionalProperties":
      return `the field ${quote(params["additionalProperty"])} is not known`;
    case "unevaluatedProperties":
      return `the field ${quote(params["unevaluatedProperty"])} is not known`;
    case "type":
      return expected(typeNames(params["type"]), value);
    case "enum":
      return expected(`one of ${shorten(JSON.stringify(params["allowedValues"]), 300)}`, value);
    case "const":
      return expected(shorten(JSON.stringify(params["allowedValue"]), 300), value);
    case "format":
      return expected(`text of the format ${String(params["format"])}`, value);
    case "pattern":
      return expected(`text that matches ${shorten(String(params["pattern"]), 300)}`, value);
    case "minimum":
    case "maximum":
    case "exclusiveMinimum":
    case "exclusiveMaximum":
      return expected(`a number ${String(params["comparison"])} ${String(params["limit"])}`, value);
    default:
      return `${error.message ?? `fails "${error.keyword}"`}${came(value)}`;
  }
}

function expected(what: string, value: Json | undefined): string {
  return `expected ${what}${came(value)}`;
}

function came(value: Json | undefined): string {
  if (value === undefined) return "";
  if (value === null) return ", came null";
  if (Array.isArray(value)) return `, came an array of ${value.length}`;
  if (typeof value === "object") return ", came an object";
  return `, came the ${typeof value} ${shorten(JSON.stringify(value), 80)}`;
}

function typeNames(type: unknown): string {
  const names = Array.isArray(type) ? type.map(String) : [String(type)];
  return names.join(" or ");
}

function quote(name: unknown): string {
  return JSON.stringify(String(name));
}

function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length)}…`;
}

/** `items[2].name`. */
function writePath(keys: readonly string[]): string {
  let path = "";
  for (const key of keys) {
    if (/^\d+$/.test(key)) path += `[${key}]`;
    else path += path === "" ? key : `.${key}`;
  }
  return path;
}

function valueAt(root: Json, keys: readonly string[]): Json | undefined {
  let value: Json | undefined = root;
  for (const key of keys) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = Array.isArray(value) ? value[Number(key)] : value[key];
  }
  return value;
}
