import type { DatabaseSync, StatementSync } from "node:sqlite";

/** Lists build a few shapes of statement at run time; past this many the oldest goes. */
const maxKept = 500;

/** The prepared statements of one connection, by their text. */
export class Statements {
  readonly #database: DatabaseSync;
  readonly #kept = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  prepare(sql: string): StatementSync {
    let statement = this.#kept.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#kept.set(sql, statement);
      if (this.#kept.size > maxKept) this.#kept.delete(this.#kept.keys().next().value as string);
    }
    return statement;
  }
}
