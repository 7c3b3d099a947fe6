import type { Compilable, Kysely } from "kysely";
import type { Row, Statement, UnitResult } from "./statement.ts";
import type { Tables } from "./tables.ts";

/**
 * One database, SQLite or Postgres. Queries are built with `builder`, which only compiles; they run through the three
 * verbs here. Ask for a capability, not for a product.
 */
export interface Database extends AsyncDisposable {
  readonly builder: Kysely<Tables>;
  readonly dialect: SqlDialect;
  /** Runs one reading statement. It sees every unit whose `write` has resolved. */
  read(statement: Statement): Promise<readonly Row[]>;
  /** The same for statements that may touch many rows; kept off the thread that serves requests. */
  scan(statement: Statement): Promise<readonly Row[]>;
  /**
   * Runs the statements of a unit in order, all or nothing, and resolves once they are durable. Units are applied in
   * the order of the calls where they touch the same rows; concurrent ones share a commit where the database allows.
   * @throws UnitRejected when an expectation or a constraint failed; StoreUnavailable when the database did not take it
   */
  write(unit: readonly Statement[]): Promise<UnitResult>;
  /** The same for statements that may touch many rows; kept off the thread that serves requests. */
  writeMany(unit: readonly Statement[]): Promise<UnitResult>;
  /** Brings the schema up to date; refuses a database that a newer release has written. */
  migrate(): Promise<void>;
}

/** What differs between the two databases, beyond what the query compiler takes care of. */
export interface SqlDialect {
  readonly name: "sqlite" | "postgres";
  /** Statements that make the schema, in order, with the differences filled in. */
  readonly columns: { integer: string; bytes: string };
  /** Appended to `create table` for a table that is read by its primary key alone. */
  readonly clustered: string;
  /** Makes the full-text index over `memory_entry.content` and `key`. */
  readonly memorySearchSchema: readonly string[];
  /** Makes it anew, with each character of an unspaced script as a word. */
  readonly unspacedMemorySearchSchema: readonly string[];
  /**
   * Entries of one store that match any word, best first, words with spaces in them as phrases: columns of `memory_entry` and `score`, higher is better.
   */
  searchMemory(query: { storeId: string; words: readonly string[]; limit: number }): Statement;
  /** Reads a text field out of a JSON column, for grouping. */
  jsonField(column: string, field: string): string;
  /** `YYYY-MM-DD` of an epoch-milliseconds column, UTC. */
  dayOf(column: string): string;
}

/** Compiles a query of the builder into a statement. */
export function toStatement(query: Compilable, options: Pick<Statement, "expectsRow" | "onlyAfter"> = {}): Statement {
  const compiled = query.compile();
  return {
    sql: compiled.sql,
    params: compiled.parameters as Statement["params"],
    returnsRows: returnsRows(compiled.query),
    ...options,
  };
}

/** @internal */
export function returnsRows(node: { kind: string }): boolean {
  if (node.kind === "SelectQueryNode" || node.kind === "RawNode") return true;
  return "returning" in node && node.returning !== undefined;
}
