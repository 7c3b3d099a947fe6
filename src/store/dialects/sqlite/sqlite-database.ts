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
import { decodeOutcomes, UnitEncoder, type UnitOutcome } from "./group-message.ts";
import { openSqlite } from "./open-sqlite.ts";
import { sqliteDialect } from "./sqlite-dialect.ts";
import { SqliteThread } from "./sqlite-thread.ts";

export interface SqliteOptions {
  path: string;
  lock?: Disposable;
  onCommit?: (units: number, durationMs: number) => void;
  crashPoint?: (name: string) => void;
}

interface QueuedUnit {
  unit: readonly Statement[];
  resolve: (result: UnitResult) => void;
  reject: (error: Error) => void;
}

/**
 * SQLite in one file. All writes go to one thread: what one turn of the event loop queues goes over together, and what
 * has come over while a group is being committed makes up the next, so one sync of the disk serves every writer of the
 * moment. Short reads run here, on a connection of their
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
  readonly #encoder = new UnitEncoder();
  /** Not handed to the thread yet. */
  #queue: QueuedUnit[] = [];
  /** Handed to the thread, in the order in which it answers. */
  readonly #written: QueuedUnit[] = [];
  #onIdle: (() => void) | undefined;
  readonly #onCommit: ((units: number, durationMs: number) => void) | undefined;
  readonly #crashPoint: ((name: string) => void) | undefined;

  /**
   * @param options.path `:memory:` is not possible: several connections share the file
   * @param options.lock given back when the database is closed
   * @param options.onCommit told of each commit: how many units shared it, and how long it took on its thread
   * @param options.crashPoint called at named points, by drills that stop the process there
   */
  constructor(options: SqliteOptions) {
    this.#path = options.path;
    this.#lock = options.lock;
    this.#onCommit = options.onCommit;
    this.#crashPoint = options.crashPoint;
    mkdirSync(dirname(options.path), { recursive: true, mode: 0o700 });
    openSqlite(options.path).close(); // makes the file and its log, so that a reader can open it
    chmodSync(options.path, 0o600);
    this.#writer = new SqliteThread({
      path: options.path,
      mode: "write",
      onOutcomes: (message, durationMs) => this.#answer(decodeOutcomes(message), durationMs),
      onFailure: (error) => this.#fail(error),
    });
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
      const message = error instanceof Error ? error.message : String(error);
      return Promise.reject(new StoreUnavailable(`The database did not take a read: ${message}`, { cause: error }));
    }
  }

  async scan(statement: Statement): Promise<readonly Row[]> {
    this.#scanner ??= new SqliteThread({ path: this.#path, mode: "read" });
    const reply = await this.#scanner.ask({ type: "scan", statement });
    if (reply.type === "scan") return reply.rows;
    throw new Error(reply.type === "error" ? reply.message : "the database thread answered out of order");
  }

  write(unit: readonly Statement[]): Promise<UnitResult> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ unit, resolve, reject });
      // After the promise jobs of this turn, so that whatever they queue goes over in the same message.
      if (this.#queue.length === 1) setImmediate(() => this.#handOver());
    });
  }

  async migrate(): Promise<void> {
    await this.write([{ sql: migrationTable, params: [], returnsRows: false }]);
    const applied = await this.read({ sql: "select name from migration order by name", params: [], returnsRows: true });
    for (const migration of pendingMigrations(applied.map((row) => String(row["name"])))) {
      const statements = migration.statements(this.dialect).map((sql) => ({ sql, params: [], returnsRows: false }));
      this.#crashPoint?.("migration-to-commit");
      await this.write([
        ...statements,
        {
          sql: "insert into migration (name, applied_at) values (?, ?)",
          params: [migration.name, new Date().toISOString()],
          returnsRows: false,
        },
      ]);
      this.#crashPoint?.("migration-committed");
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#queue.length > 0 || this.#written.length > 0) {
      await new Promise<void>((resolve) => (this.#onIdle = resolve));
    }
    await this.#scanner?.close();
    this.#reader.close();
    await this.#writer.close();
    this.#lock?.[Symbol.dispose]();
  }

  #handOver(): void {
    const units = this.#queue;
    this.#queue = [];
    this.#crashPoint?.("group-to-commit");
    if (this.#written.length === 0) this.#writer.ref();
    this.#written.push(...units);
    this.#writer.post(this.#encoder.encode(units.map(({ unit }) => unit)));
  }

  #answer(outcomes: readonly UnitOutcome[], durationMs: number): void {
    this.#crashPoint?.("group-committed");
    this.#onCommit?.(outcomes.length, durationMs);
    const units = this.#written.splice(0, outcomes.length);
    if (this.#written.length === 0) this.#writer.unref();
    for (const [index, outcome] of outcomes.entries()) {
      const queued = units[index];
      if ("result" in outcome) queued?.resolve(outcome.result);
      else if ("rejected" in outcome) {
        queued?.reject(new UnitRejected(outcome.rejected.statement, outcome.rejected.failure));
      } else queued?.reject(new StoreUnavailable(`The database did not take a write: ${outcome.fault}`));
    }
    this.#considerIdle();
  }

  #fail(error: Error): void {
    for (const { reject } of this.#written.splice(0)) reject(error);
    this.#considerIdle();
  }

  #considerIdle(): void {
    if (this.#queue.length === 0 && this.#written.length === 0) this.#onIdle?.();
  }
}
