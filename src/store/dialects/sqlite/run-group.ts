import type { DatabaseSync } from "node:sqlite";
import {
  bindReferences,
  isRowReference,
  type Row,
  type SqlValue,
  type Statement,
  type UnitFailure,
  type UnitResult,
} from "../../statement.ts";
import { faultOf, type SqliteFault } from "./sqlite-fault.ts";
import { Statements } from "./statements.ts";

/** What became of one unit. */
export type UnitOutcome =
  | { result: UnitResult }
  | { rejected: { statement: number; failure: UnitFailure } }
  | { fault: SqliteFault };

class Undone extends Error {
  readonly statement: number;
  readonly failure: UnitFailure;
  constructor(statement: number, failure: UnitFailure) {
    super(failure);
    this.statement = statement;
    this.failure = failure;
  }
}

/**
 * Runs groups of units on one connection: one transaction, so one sync of the disk, for a whole group, yet each unit is
 * all or nothing by itself. Units normally succeed, so a group first runs without savepoints; when one fails after it
 * has written something, the group is rolled back and run again with a savepoint around each unit.
 */
export class GroupRunner {
  readonly #database: DatabaseSync;
  readonly #statements: Statements;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#statements = new Statements(database);
  }

  /** @throws what the commit threw; then nothing of the group is stored */
  run(units: readonly (readonly Statement[])[]): UnitOutcome[] {
    return this.#attempt(units, false) ?? this.#attempt(units, true) ?? [];
  }

  #attempt(units: readonly (readonly Statement[])[], savepoints: boolean): UnitOutcome[] | undefined {
    const outcomes: UnitOutcome[] = [];
    this.#execute("begin immediate");
    try {
      for (const unit of units) {
        if (savepoints) this.#execute("savepoint unit");
        try {
          outcomes.push({ result: this.#runUnit(unit) });
          if (savepoints) this.#execute("release unit");
        } catch (error) {
          if (!this.#database.isTransaction) throw error; // a full disk makes SQLite undo all of it by itself
          const clean = error instanceof Undone && error.statement === 0; // a refused statement leaves nothing
          if (savepoints) {
            this.#execute("rollback to unit");
            this.#execute("release unit");
          } else if (!clean) {
            this.#execute("rollback");
            return undefined;
          }
          outcomes.push(
            error instanceof Undone
              ? { rejected: { statement: error.statement, failure: error.failure } }
              : { fault: faultOf(error) },
          );
        }
      }
      this.#execute("commit");
      return outcomes;
    } catch (error) {
      if (this.#database.isTransaction) this.#execute("rollback");
      throw error;
    }
  }

  #runUnit(unit: readonly Statement[]): UnitResult {
    const results: (readonly Row[])[] = [];
    for (let index = 0; index < unit.length; index += 1) {
      const statement = unit[index] as Statement;
      if (statement.onlyAfter !== undefined && (results[statement.onlyAfter]?.length ?? 0) === 0) {
        results.push([]);
        continue;
      }
      const params = statement.params.some(isRowReference)
        ? bindReferences(statement.params, results)
        : (statement.params as SqlValue[]);
      try {
        const prepared = this.#statements.prepare(statement.sql);
        if (statement.returnsRows) {
          const rows = prepared.all(...params) as Row[];
          if (statement.expectsRow === true && rows.length === 0) throw new Undone(index, "expectation");
          results.push(rows);
        } else {
          const { changes } = prepared.run(...params);
          if (statement.expectsRow === true && changes === 0) throw new Undone(index, "expectation");
          results.push([]);
        }
      } catch (error) {
        if (error instanceof Undone) throw error;
        const failure = constraintOf(error);
        throw failure === undefined ? error : new Undone(index, failure);
      }
    }
    return results;
  }

  #execute(sql: string): void {
    this.#statements.prepare(sql).run();
  }
}

/** @see https://www.sqlite.org/rescode.html#extrc */
function constraintOf(error: unknown): UnitFailure | undefined {
  if (!(error instanceof Error) || !("errcode" in error)) return undefined;
  switch (error.errcode) {
    case 1555: // SQLITE_CONSTRAINT_PRIMARYKEY
    case 2067: // SQLITE_CONSTRAINT_UNIQUE
      return "unique";
    case 787: // SQLITE_CONSTRAINT_FOREIGNKEY
      return "foreign-key";
    default:
      return undefined;
  }
}
