import type { Compilable } from "kysely";
import { returnsRows } from "./database.ts";
import type { RowReference, SqlValue, Statement } from "./statement.ts";

class Placeholder {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

type Placeholders<Values> = { readonly [Name in keyof Values]: never };

/**
 * Compiles a query once and binds values by name at each use: compiling costs tens of microseconds, binding less than
 * one. `build` gets a placeholder for each value it names.
 */
export function prepared<Values extends Record<string, SqlValue | RowReference>>(
  build: (placeholders: Placeholders<Values>) => Compilable,
): (values: Values, options?: Pick<Statement, "expectsRow" | "onlyAfter">) => Statement {
  // The proxy types as `never`, which every column accepts; the compiler passes the placeholder through untouched.
  const placeholders = new Proxy({}, { get: (_, name) => new Placeholder(String(name)) }) as Placeholders<Values>;
  const compiled = build(placeholders).compile();
  const rows = returnsRows(compiled.query);
  const parameters = compiled.parameters as readonly (Placeholder | SqlValue)[];
  return (values, options) => {
    const params = Array.from<SqlValue | RowReference>({ length: parameters.length });
    for (let index = 0; index < parameters.length; index += 1) {
      const parameter = parameters[index] as Placeholder | SqlValue;
      params[index] =
        parameter instanceof Placeholder ? (values[parameter.name] as SqlValue | RowReference) : parameter;
    }
    return options === undefined
      ? { sql: compiled.sql, params, returnsRows: rows }
      : { sql: compiled.sql, params, returnsRows: rows, ...options };
  };
}
