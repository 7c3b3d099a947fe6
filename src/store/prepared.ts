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
  const constants = parameters.map((parameter) => (parameter instanceof Placeholder ? null : parameter));
  const names = parameters.map((parameter) => (parameter instanceof Placeholder ? parameter.name : undefined));
  return (values, options) => {
    const params: (SqlValue | RowReference)[] = constants.slice();
    for (let index = 0; index < names.length; index += 1) {
      const name = names[index];
      if (name !== undefined) params[index] = values[name] as SqlValue | RowReference;
    }
    return {
      sql: compiled.sql,
      params,
      returnsRows: rows,
      expectsRow: options?.expectsRow,
      onlyAfter: options?.onlyAfter,
    };
  };
}
