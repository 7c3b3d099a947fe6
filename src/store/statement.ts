import { RunyardError } from "../contract/errors.ts";

/** What both databases take and give: booleans are 0 and 1, times epoch milliseconds, JSON and ids text. */
export type SqlValue = string | number | null | Uint8Array;

export type Row = Record<string, SqlValue>;

/** Stands for a column of the row that an earlier statement of the same unit returned, plus a number. */
export interface RowReference {
  statement: number;
  column: string;
  plus: number;
}

/** One statement of a unit of work: data, so that a unit can be carried to another thread and run in one go. */
export interface Statement {
  sql: string;
  params: readonly (SqlValue | RowReference)[];
  /** Whether the statement gives rows back. */
  returnsRows: boolean;
  /** When set, the whole unit is undone unless this statement returned (or changed) at least one row. */
  expectsRow?: boolean;
  /** When set, the statement is left out unless that statement of the unit returned a row. */
  onlyAfter?: number;
}

/** The rows each statement of a unit returned; empty for a statement that returns none or was left out. */
export type UnitResult = readonly (readonly Row[])[];

export type UnitFailure = "expectation" | "unique" | "foreign-key";

/** A unit that was undone: nothing of it is stored. Not a fault; the writer lost a race or named something gone. */
export class UnitRejected extends Error {
  /** Index of the statement at fault. */
  readonly statement: number;
  readonly failure: UnitFailure;
  constructor(statement: number, failure: UnitFailure) {
    super(`statement ${statement} of the unit was rejected: ${failure}`);
    this.name = "UnitRejected";
    this.statement = statement;
    this.failure = failure;
  }
}

/**
 * The database took no request for a reason outside of us (disk full, connection lost). Whether a write was stored is
 * told by reading. Callers are shown its message, so what the database said is in the cause alone.
 */
export class StoreUnavailable extends RunyardError {
  /** @param detail for the log */
  constructor(detail: string, options?: { cause?: unknown }) {
    super("overloaded", unavailableMessage, { retryAfterMs: 5000, cause: new Error(detail, options) });
    this.name = "StoreUnavailable";
  }
}

const unavailableMessage =
  "The server cannot use its database at the moment. Try again shortly; read before you repeat what must happen once. Operators: the server's log says why; see to the disk's free space and the database's connection.";

export function isRowReference(value: SqlValue | RowReference): value is RowReference {
  return typeof value === "object" && value !== null && !(value instanceof Uint8Array);
}

/** Puts values in the place of row references; the same in both databases. */
export function bindReferences(params: Statement["params"], results: UnitResult): SqlValue[] {
  return params.map((value) => {
    if (!isRowReference(value)) return value;
    const found = results[value.statement]?.[0]?.[value.column];
    if (typeof found !== "number") {
      throw new TypeError(`statement ${value.statement} returned no number in column ${value.column}`);
    }
    return found + value.plus;
  });
}
