import { createHash } from "node:crypto";
import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from "kysely";
import pg from "pg";
import type { Database } from "../../database.ts";
import { migrationTable, pendingMigrations } from "../../migrations/migrations.ts";
import {
  bindReferences,
  isRowReference,
  type Row,
  type Statement,
  StoreUnavailable,
  type UnitFailure,
  type UnitResult,
  UnitRejected,
} from "../../statement.ts";
import type { Tables } from "../../tables.ts";
import { postgresDialect } from "./postgres-dialect.ts";

/** Any number; the same for every release, so that two processes never migrate at once. */
const migrationLock = 7_234_911;
/** Held by the process that works on the database. */
const processLock = 7_234_912;

/** Of a unit that others undo. An attempt that appends without a pause can win the race for a number many times. */
const maxTries = 50;

// Times and counters are bigint columns whose values stay below 2^53.
const types = {
  getTypeParser: ((oid: number, format?: "text" | "binary") =>
    oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
};

/** Postgres through a pool: a unit of work is one transaction on one connection. */
export class PostgresDatabase implements Database {
  readonly dialect = postgresDialect;
  readonly builder: Kysely<Tables>;
  readonly #pool: pg.Pool;
  readonly #names = new Map<string, string>();
  readonly #url: string;
  readonly #onLockLost: (error: Error) => void;
  readonly #crashPoint: ((name: string) => void) | undefined;
  #lockHolder: pg.Client | undefined;

  /**
   * @param options.onLockLost the connection that holds the database for this process broke: stop working
   * @param options.crashPoint called before and after each commit, by drills that stop the process there
   */
  constructor(options: {
    url: string;
    connections?: number;
    onLockLost?: (error: Error) => void;
    crashPoint?: (name: string) => void;
  }) {
    this.#url = options.url;
    this.#crashPoint = options.crashPoint;
    this.#onLockLost = options.onLockLost ?? (() => undefined);
    this.#pool = new pg.Pool({ connectionString: options.url, max: options.connections ?? 10, types });
    // An idle connection that the server closes is replaced at the next use.
    this.#pool.on("error", () => undefined);
    // One in use tells its user by the query that fails; the pool listens for idle ones only, and an error that nobody
    // listens for would end the process.
    this.#pool.on("connect", (connection) => connection.on("error", () => undefined));
    this.builder = new Kysely<Tables>({
      dialect: {
        createAdapter: () => new PostgresAdapter(),
        createDriver: () => new DummyDriver(),
        createIntrospector: (database) => new PostgresIntrospector(database),
        createQueryCompiler: () => new PostgresQueryCompiler(),
      },
    });
  }

  /**
   * Holds the database for this process as long as it lives, by a lock of a connection of its own.
   * @throws when another process holds it, or the database does not let us in
   */
  async holdAlone(): Promise<void> {
    const connection = new pg.Client({ connectionString: this.#url });
    connection.on("error", (error) => this.#onLockLost(error));
    await connection.connect().catch((cause: unknown) => {
      const { host, port, database } = connection;
      throw new Error(
        `The Postgres database at ${host}:${port}, "${database}", cannot be used: ${reasonOf(cause)}. Check RUNYARD_DATABASE_URL.`,
        { cause },
      );
    });
    const { rows } = await connection.query<{ held: boolean }>("select pg_try_advisory_lock($1) as held", [
      processLock,
    ]);
    if (rows[0]?.held !== true) {
      await connection.end();
      throw new Error(
        "Another Runyard works on this Postgres database. This release runs one process on a database; stop the other first.",
      );
    }
    this.#lockHolder = connection;
  }

  async read(statement: Statement): Promise<readonly Row[]> {
    const query = this.#query(statement, []);
    try {
      return (await this.#pool.query<Row>(query)).rows;
    } catch (error) {
      if (!isConnectionLost(error)) throw asUnavailable(error);
    }
    // The pool has dropped that connection, and a read has no effect that could happen twice.
    try {
      return (await this.#pool.query<Row>(query)).rows;
    } catch (error) {
      throw asUnavailable(error);
    }
  }

  scan(statement: Statement): Promise<readonly Row[]> {
    return this.read(statement);
  }

  async write(unit: readonly Statement[]): Promise<UnitResult> {
    for (let remaining = maxTries; ; remaining -= 1) {
      try {
        return await this.#transact(unit);
      } catch (error) {
        if (remaining === 0 || !mayRunAgain(unit, error)) throw asUnavailable(error);
      }
    }
  }

  writeMany(unit: readonly Statement[]): Promise<UnitResult> {
    return this.write(unit);
  }

  async #transact(unit: readonly Statement[]): Promise<UnitResult> {
    const connection = await this.#pool.connect();
    let broken = false;
    try {
      await connection.query("begin");
      const results: (readonly Row[])[] = [];
      for (const [index, statement] of unit.entries())
        results.push(await this.#step(connection, index, statement, results));
      this.#crashPoint?.("unit-to-commit");
      await connection.query("commit");
      this.#crashPoint?.("unit-committed");
      return results;
    } catch (error) {
      await connection.query("rollback").catch(() => {
        broken = true;
      });
      throw error;
    } finally {
      connection.release(broken);
    }
  }

  async migrate(): Promise<void> {
    const connection = await this.#pool.connect();
    try {
      await connection.query("select pg_advisory_lock($1)", [migrationLock]);
      await connection.query(migrationTable);
      const applied = await connection.query<{ name: string }>("select name from migration order by name");
      for (const migration of pendingMigrations(applied.rows.map((row) => row.name))) {
        await connection.query("begin");
        for (const sql of migration.statements(this.dialect)) await connection.query(sql);
        await connection.query("insert into migration (name, applied_at) values ($1, $2)", [
          migration.name,
          new Date().toISOString(),
        ]);
        this.#crashPoint?.("migration-to-commit");
        await connection.query("commit");
        this.#crashPoint?.("migration-committed");
      }
    } finally {
      // Closing the connection gives the lock back and undoes a migration that broke off.
      connection.release(true);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.end();
    this.#lockHolder?.removeAllListeners("error");
    await this.#lockHolder?.end();
  }

  async #step(
    connection: pg.PoolClient,
    index: number,
    statement: Statement,
    results: UnitResult,
  ): Promise<readonly Row[]> {
    if (statement.onlyAfter !== undefined && (results[statement.onlyAfter]?.length ?? 0) === 0) return [];
    try {
      const { rows, rowCount } = await connection.query<Row>(this.#query(statement, results));
      if (statement.expectsRow === true && (rowCount ?? 0) === 0) throw new UnitRejected(index, "expectation");
      return rows;
    } catch (error) {
      const failure = constraintOf(error);
      throw failure === undefined ? error : new UnitRejected(index, failure);
    }
  }

  #query(statement: Statement, results: UnitResult): pg.QueryConfig {
    return {
      name: this.#nameOf(statement.sql),
      text: statement.sql,
      values: bindReferences(statement.params, results),
    };
  }

  /** A name makes the server keep the plan. Lists have a few run-time shapes; past a bound they go without a name. */
  #nameOf(sql: string): string | undefined {
    let name = this.#names.get(sql);
    if (name === undefined && this.#names.size < 500) {
      name = createHash("sha1").update(sql).digest("hex");
      this.#names.set(sql, name);
    }
    return name;
  }
}

/** @see https://www.postgresql.org/docs/current/errcodes-appendix.html */
function constraintOf(error: unknown): UnitFailure | undefined {
  if (!(error instanceof pg.DatabaseError)) return undefined;
  if (error.code === "23505") return "unique";
  if (error.code === "23503") return "foreign-key";
  return undefined;
}

/**
 * Whether it is only for another unit at the same moment that this one was undone: the two took the same rows in another
 * order, or the other took the number that this one had read and meant to use.
 */
function mayRunAgain(unit: readonly Statement[], error: unknown): boolean {
  if (error instanceof pg.DatabaseError) return isUndoneForAnother(error.code);
  if (!(error instanceof UnitRejected) || error.failure !== "unique") return false;
  return unit[error.statement]?.params.some(isRowReference) === true;
}

/** A deadlock, or a transaction that cannot be put in a row with others. */
function isUndoneForAnother(code: string | undefined): boolean {
  return code === "40P01" || code === "40001";
}

/** The connection (08), the password (28), resources (53), an operator's doing (57), the system (58); a read-only server. */
const outside = /^(?:08|28|53|57|58)|^25006$/;
/** Of those, what ends the connection alone. */
const ofConnection = /^(?:08|57P0[1-5])/;

/** What a query throws that is no answer of the database comes from the connection. */
function isConnectionLost(error: unknown): boolean {
  return error instanceof pg.DatabaseError ? ofConnection.test(error.code ?? "") : true;
}

/** An error that a later call need not meet as one of ours; a statement that the database cannot run stays what it is. */
function asUnavailable(error: unknown): unknown {
  if (error instanceof UnitRejected) return error;
  if (error instanceof pg.DatabaseError && !outside.test(error.code ?? "") && !isUndoneForAnother(error.code)) {
    return error;
  }
  const message = error instanceof Error ? error.message : String(error);
  return new StoreUnavailable(`The database did not take a request: ${message}`, { cause: error });
}

/** Where a name has several addresses, the message of the error is empty and its code tells. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message !== "" || !("code" in error) ? error.message : String(error.code);
}
