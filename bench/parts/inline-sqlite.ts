import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from "kysely";
import type { Database } from "../../src/store/database.ts";
import { openSqlite } from "../../src/store/dialects/sqlite/open-sqlite.ts";
import { GroupRunner } from "../../src/store/dialects/sqlite/run-group.ts";
import { sqliteDialect } from "../../src/store/dialects/sqlite/sqlite-dialect.ts";
import { migrationTable, pendingMigrations } from "../../src/store/migrations/migrations.ts";
import {
  type Row,
  type SqlValue,
  type Statement,
  StoreUnavailable,
  type UnitResult,
  UnitRejected,
} from "../../src/store/statement.ts";
import type { Tables } from "../../src/store/tables.ts";

/** What `SqliteDatabase` would be if each commit synced: one group per tick, and the event loop waits for the disk. */
export class InlineSqlite implements Database {
  readonly dialect = sqliteDialect;
  readonly builder = new Kysely<Tables>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (database) => new SqliteIntrospector(database),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  });
  readonly #connection;
  readonly #runner: GroupRunner;
  #queue: { unit: readonly Statement[]; resolve: (result: UnitResult) => void; reject: (error: Error) => void }[] = [];

  constructor(path: string) {
    this.#connection = openSqlite(path);
    this.#runner = new GroupRunner(this.#connection);
  }

  read(statement: Statement): Promise<readonly Row[]> {
    const prepared = this.#connection.prepare(statement.sql);
    return Promise.resolve(prepared.all(...(statement.params as SqlValue[])) as Row[]);
  }

  scan(statement: Statement): Promise<readonly Row[]> {
    return this.read(statement);
  }

  write(unit: readonly Statement[]): Promise<UnitResult> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ unit, resolve, reject });
      if (this.#queue.length === 1) setImmediate(() => this.#flush());
    });
  }

  writeMany(unit: readonly Statement[]): Promise<UnitResult> {
    return this.write(unit);
  }

  async migrate(): Promise<void> {
    await this.write([{ sql: migrationTable, params: [], returnsRows: false }]);
    for (const migration of pendingMigrations([])) {
      await this.write(migration.statements(this.dialect).map((sql) => ({ sql, params: [], returnsRows: false })));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection.close();
  }

  #flush(): void {
    const group = this.#queue;
    this.#queue = [];
    const outcomes = this.#runner.run(group.map(({ unit }) => unit));
    for (const [index, outcome] of outcomes.entries()) {
      const queued = group[index];
      if ("result" in outcome) queued?.resolve(outcome.result);
      else if ("rejected" in outcome) {
        queued?.reject(new UnitRejected(outcome.rejected.statement, outcome.rejected.failure));
      } else queued?.reject(new StoreUnavailable(outcome.fault.message));
    }
  }
}
