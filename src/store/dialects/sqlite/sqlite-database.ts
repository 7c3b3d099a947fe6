import { chmodSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from "kysely";
import type { Database } from "../../database.ts";
import { migrationTable, pendingMigrations } from "../../migrations/migrations.ts";
import {
  type Row,
  type SqlValue,
  type Statement,
  StoreUnavailable,
  type UnitResult,
  UnitRejected,
} from "../../statement.ts";
import type { Tables } from "../../tables.ts";
import { openSqlite } from "./open-sqlite.ts";
import { sqliteDialect } from "./sqlite-dialect.ts";
import { SqliteThread } from "./sqlite-thread.ts";

interface QueuedUnit {
  unit: readonly Statement[];
  resolve: (result: UnitResult) => void;
  reject: (error: Error) => void;
}

/**
 * SQLite in one file. All writes go to one thread in groups: what is queued while a group is being committed makes up
 * the next, so one sync of the disk serves every writer of the moment. Short reads run here, on a connection of their
 * own that sees what is committed; long ones on a third thread, made when first needed.
 * @see docs/decisions/2026-11-22-sqlite-is-written-from-a-thread.md
 */
export class SqliteDatabase implements Database {
  readonly dialect = sqliteDialect;
  readonly builder: Kysely<Tables>;
  readonly #path: string;
  readonly #lock: Disposable | undefined;
  readonly #writer: SqliteThread;
  #scanner: SqliteThread | undefined;
  readonly #reader: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #queue: QueuedUnit[] = [];
  #groupsInFlight = 0;
  #flushScheduled = false;
  readonly #onGroup: ((units: number) => void) | undefined;

  /**
   * @param options.path `:memory:` is not possible: several connections share the file
   * @param options.lock given back when the database is closed
   */
  constructor(options: { path: string; lock?: Disposable; onGroup?: (units: number) => void }) {
    this.#path = options.path;
    this.#lock = options.lock;
    this.#onGroup = options.onGroup;
    mkdirSync(dirname(options.path), { recursive: true, mode: 0o700 });
    openSqlite(options.path).close(); // makes the file and its log, so that a reader can open it
    chmodSync(options.path, 0o600);
    this.#writer = new SqliteThread(options.path, "write");
    this.#reader = openSqlite(options.path, { readOnly: true });
    this.builder = new Kysely<Tables>({
      dialect: {
        createAdapter: () => new SqliteAdapter(),
        createDriver: () => new DummyDriver(),
        createIntrospector: (database) => new SqliteIntrospector(database),
        createQueryCompiler: () => new SqliteQueryCompiler(),
      },
    });
  }

  read(statement: Statement): Promise<readonly Row[]> {
    try {
      let prepared = this.#statements.get(statement.sql);
      if (prepared === undefined) {
        prepared = this.#reader.prepare(statement.sql);
        this.#statements.set(statement.sql, prepared);
        if (this.#statements.size > 500) this.#statements.delete(this.#statements.keys().next().value as string);
      }
      return Promise.resolve(prepared.all(...(statement.params as SqlValue[])) as Row[]);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async scan(statement: Statement): Promise<readonly Row[]> {
    this.#scanner ??= new SqliteThread(this.#path, "read");
    const reply = await this.#scanner.ask({ type: "scan", statement });
    if (reply.type === "scan") return reply.rows;
    throw new Error(reply.type === "error" ? reply.message : "the database thread answered out of order");
  }

  write(unit: readonly Statement[]): Promise<UnitResult> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ unit, resolve, reject });
      if (this.#groupsInFlight === 0 && !this.#flushScheduled) {
        this.#flushScheduled = true;
        // After the promise jobs of this turn, so that whatever they queue shares the commit.
        setImmediate(() => {
          this.#flushScheduled = false;
          this.#flush();
        });
      }
    });
  }

  async migrate(): Promise<void> {
    await this.write([{ sql: migrationTable, params: [], returnsRows: false }]);
    const applied = await this.read({ sql: "select name from migration order by name", params: [], returnsRows: true });
    for (const migration of pendingMigrations(applied.map((row) => String(row["name"])))) {
      const statements = migration.statements(this.dialect).map((sql) => ({ sql, params: [], returnsRows: false }));
      await this.write([
        ...statements,
        {
          sql: "insert into migration (name, applied_at) values (?, ?)",
          params: [migration.name, new Date().toISOString()],
          returnsRows: false,
        },
      ]);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    while (this.#queue.length > 0 || this.#groupsInFlight > 0) await new Promise((resolve) => setImmediate(resolve));
    await this.#scanner?.close();
    this.#reader.close();
    await this.#writer.close();
    this.#lock?.[Symbol.dispose]();
  }

  #flush(): void {
    if (this.#queue.length === 0) return;
    const group = this.#queue;
    this.#queue = [];
    this.#groupsInFlight += 1;
    this.#onGroup?.(group.length);
    this.#writer.ask({ type: "group", units: group.map((queued) => queued.unit) }).then(
      (reply) => {
        this.#groupsInFlight -= 1;
        this.#flush();
        if (reply.type !== "group") {
          const message = reply.type === "error" ? reply.message : "the database thread answered out of order";
          for (const { reject } of group) reject(new StoreUnavailable(`The database did not take a write: ${message}`));
          return;
        }
        for (const [index, outcome] of reply.outcomes.entries()) {
          const queued = group[index] as QueuedUnit;
          if ("result" in outcome) queued.resolve(outcome.result);
          else if ("rejected" in outcome) {
            queued.reject(new UnitRejected(outcome.rejected.statement, outcome.rejected.failure));
          } else queued.reject(new StoreUnavailable(`The database refused a statement: ${outcome.fault}`));
        }
      },
      (error: Error) => {
        this.#groupsInFlight -= 1;
        for (const { reject } of group) reject(error);
        this.#flush();
      },
    );
  }
}
