import { RunyardError } from "../contract/errors.ts";

/**
 * Refuses text that a database, a header or a JSON writer further on cannot hold: NUL characters and halves of
 * surrogate pairs, in values and in names, in free text as well (Postgres `text` has no NUL). A member named
 * `__proto__` is refused too, so that no later copy of the object can change its prototype.
 *
 * Goes down a parsed JSON value; its depth was bounded before.
 *
 * @throws RunyardError `invalid_field_value` with the dotted path as `param`
 */
export function refuseUnstorable(value: unknown, path: string = ""): void {
  if (typeof value === "string") {
    refuseText(value, path, "value");
    return;
  }
  if (typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) refuseUnstorable(item, join(path, String(index)));
    return;
  }
  for (const [name, item] of Object.entries(value)) {
    if (name === "__proto__") {
      throw new RunyardError("invalid_field_value", 'A member may not be named "__proto__".', paramOf(path));
    }
    refuseText(name, path, "name");
    refuseUnstorable(item, join(path, name));
  }
}

function refuseText(text: string, path: string, what: "value" | "name"): void {
  const fault = text.includes("\0") ? "a NUL character" : text.isWellFormed() ? undefined : "half a surrogate pair";
  if (fault === undefined) return;
  const where = what === "name" ? "A member name" : path === "" ? "The text" : `"${path}"`;
  throw new RunyardError(
    "invalid_field_value",
    `${where} must be storable text, but contains ${fault}.`,
    paramOf(path),
  );
}

function paramOf(path: string): { param?: string } {
  return path === "" ? {} : { param: path };
}

function join(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}
