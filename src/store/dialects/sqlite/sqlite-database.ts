import { chmodSync, mkdirSync, realpathSync } from "node:fs";
import { dirname } from "node:path";
import type { DatabaseSync } from "node:sqlite";
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
import { LogSync } from "./log-sync.ts";
import { checkpointPages, openSqlite } from "./open-sqlite.ts";
import { GroupRunner, type UnitOutcome } from "./run-group.ts";
import { sqliteDialect } from "./sqlite-dialect.ts";
import { errorOf, faultOf } from "./sqlite-fault.ts";
import { SqliteThread } from "./sqlite-thread.ts";
import { Statements } from "./statements.ts";

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

/** Something that a thread does to the file while nobody else writes. */
interface QueuedTask {
  alone: () => Promise<void>;
}

/** Units in one commit at the most, so that running them holds up the event loop for a few milliseconds only. */
const maxGroup = 128;
/** Commits between two looks at how long the log has become. */
const commitsPerLook = 64;

/**
 * SQLite in one file. What one turn of the event loop queues is run where requests are served, in one transaction; then
 * the log is synced, in the thread pool unless that is sure to be short, and what has queued up by then makes up the next
 * group: one sync of the disk serves every writer of the moment, and nobody waits for the disk but they. Reads see what
 * is durable. What takes long (scans, units of many rows, folding the log back) is done on threads, made when first needed.
 * @see docs/decisions/2026-11-22-sqlite-is-synced-aside.md
 */
export class SqliteDatabase implements Database {
  readonly dialect = sqliteDialect;
  readonly builder: Kysely<Tables>;
  readonly #path: string;
  readonly #lock: Disposable | undefined;
  readonly #writer: DatabaseSync;
  readonly #runner: GroupRunner;
  readonly #log: LogSync;
  /** For reads while a commit is not durable; otherwise the writing connection reads, whose pages are at hand. */
  readonly #reader: DatabaseSync;
  readonly #statements: { writer: Statements; reader: Statements };
  #readerIsHeld = false;
  #scanner: SqliteThread | undefined;
  #threadWriter: SqliteThread | undefined;
  /** In the order in which they are committed. */
  #queue: (QueuedUnit | QueuedTask)[] = [];
  /** A commit or a task is under way, or about to be. */
  #busy = false;
  #commitsSinceLook = 0;
  #isFolding = false;
  /** Once a sync has failed, what the disk holds is not known until the file is opened anew. */
  #failure: StoreUnavailable | undefined;
  #onIdle: (() => void) | undefined;
  readonly #onCommit: ((units: number, durationMs: number) => void) | undefined;
  readonly #crashPoint: ((name: string) => void) | undefined;

  /**
   * @param options.path `:memory:` is not possible: several connections share the file
   * @param options.lock given back when the database is closed
   * @param options.onCommit told of each commit: how many units shared it, and how long it took with its sync
   * @param options.crashPoint called at named points, by drills that stop the process there
   */
  constructor(options: SqliteOptions) {
    this.#path = options.path;
    this.#lock = options.lock;
    this.#onCommit = options.onCommit;
    this.#crashPoint = options.crashPoint;
    mkdirSync(dirname(options.path), { recursive: true, mode: 0o700 });
    this.#writer = openSqlite(options.path, { leavesSyncing: true });
    chmodSync(options.path, 0o600);
    this.#runner = new GroupRunner(this.#writer);
    // SQLite keeps the log beside the file that a link names.
    this.#log = new LogSync(`${realpathSync(options.path)}-wal`);
    this.#reader = openSqlite(options.path, { readOnly: true });
    this.#statements = { writer: new Statements(this.#writer), reader: new Statements(this.#reader) };
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
      const prepared = this.#statements[this.#readerIsHeld ? "reader" : "writer"].prepare(statement.sql);
      return Promise.resolve(prepared.all(...(statement.params as SqlValue[])) as Row[]);
    } catch (error) {
      return Promise.reject(errorOf(faultOf(error), "a read", error));
    }
  }

  async scan(statement: Statement): Promise<readonly Row[]> {
    this.#scanner ??= new SqliteThread({ path: this.#path, mode: "read" });
    const reply = await this.#scanner.ask({ type: "scan", statement });
    if (reply.type === "rows") return reply.rows;
    throw new Error("the database thread answered out of order");
  }

  write(unit: readonly Statement[]): Promise<UnitResult> {
    return new Promise((resolve, reject) => this.#enqueue({ unit, resolve, reject }));
  }

  writeMany(unit: readonly Statement[]): Promise<UnitResult> {
    return new Promise((resolve, reject) => {
      const alone = async () => {
        this.#crashPoint?.("group-to-commit");
        const reply = await this.#thread.ask({ type: "write", unit });
        this.#crashPoint?.("group-committed");
        if (reply.type !== "outcome") throw new Error("the database thread answered out of order");
        settle({ unit, resolve, reject }, reply.outcome);
      };
      this.#enqueue({ alone: () => alone().catch(reject) });
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
    if (this.#busy) await new Promise<void>((resolve) => (this.#onIdle = resolve));
    await this.#scanner?.close();
    await this.#threadWriter?.close();
    this.#reader.close();
    this.#writer.exec("pragma wal_checkpoint(truncate)");
    this.#writer.close();
    this.#log[Symbol.dispose]();
    this.#lock?.[Symbol.dispose]();
  }

  get #thread(): SqliteThread {
    this.#threadWriter ??= new SqliteThread({ path: this.#path, mode: "write" });
    return this.#threadWriter;
  }

  #enqueue(work: QueuedUnit | QueuedTask): void {
    this.#queue.push(work);
    this.#goOn();
  }

  #goOn(): void {
    if (this.#busy) return;
    if (this.#queue.length === 0) {
      this.#onIdle?.();
      return;
    }
    this.#busy = true;
    // After the promise jobs of this turn, so that whatever they queue shares the commit.
    setImmediate(() => this.#next());
  }

  #next(): void {
    const [first] = this.#queue;
    if (first !== undefined && "alone" in first) {
      this.#queue.shift();
      void first.alone().then(() => this.#done());
      return;
    }
    const end = this.#queue.findIndex((work) => "alone" in work);
    const units = this.#queue.splice(0, Math.min(maxGroup, end < 0 ? this.#queue.length : end)) as QueuedUnit[];
    this.#commit(units);
  }

  #done(): void {
    this.#busy = false;
    this.#goOn();
  }

  #commit(units: readonly QueuedUnit[]): void {
    if (this.#failure !== undefined) {
      for (const { reject } of units) reject(this.#failure);
      return this.#done();
    }
    const startedAt = performance.now();
    const inPlace = units.length === 1 && this.#log.isShort;
    this.#crashPoint?.("group-to-commit");
    if (!inPlace) this.#holdReader();
    let outcomes: UnitOutcome[];
    try {
      outcomes = this.#runner.run(units.map(({ unit }) => unit));
    } catch (error) {
      this.#releaseReader();
      const failure = errorOf(faultOf(error), "a write", error);
      for (const { reject } of units) reject(failure);
      return this.#done();
    }
    this.#crashPoint?.("group-to-sync");
    const answer = (error: unknown): void => {
      if (error === null) {
        this.#releaseReader();
        this.#crashPoint?.("group-committed");
        this.#onCommit?.(units.length, performance.now() - startedAt);
        for (const [index, outcome] of outcomes.entries()) settle(units[index] as QueuedUnit, outcome);
        this.#considerFolding();
      } else {
        this.#failure = new StoreUnavailable("The disk failed to keep a write; restart the server.", { cause: error });
        for (const { reject } of units) reject(this.#failure);
      }
      this.#done();
    };
    if (!inPlace) return this.#log.aside(answer);
    try {
      this.#log.inPlace();
    } catch (error) {
      return answer(error);
    }
    answer(null);
  }

  /** From now on reads see the database as it is at this moment. */
  #holdReader(): void {
    const { reader } = this.#statements;
    reader.prepare("begin").run();
    reader.prepare("select 1 from sqlite_schema limit 1").get(); // only a read takes the snapshot
    this.#readerIsHeld = true;
  }

  #releaseReader(): void {
    if (this.#readerIsHeld) this.#statements.reader.prepare("commit").run();
    this.#readerIsHeld = false;
  }

  /** A checkpoint waits for the disk several times, so it is never left to whoever commits. */
  #considerFolding(): void {
    this.#commitsSinceLook += 1;
    if (this.#commitsSinceLook < commitsPerLook || this.#isFolding) return;
    this.#commitsSinceLook = 0;
    const state = this.#writer.prepare("pragma wal_checkpoint(noop)").get();
    if (Number(state?.["log"]) - Number(state?.["checkpointed"]) < checkpointPages) return;
    this.#isFolding = true;
    // Most of it while others write; the rest while they wait, for only a log that is folded back whole begins anew.
    void this.#thread
      .ask({ type: "checkpoint" })
      .then(() => {
        const alone = async () => {
          await this.#thread.ask({ type: "checkpoint" });
        };
        this.#enqueue({
          alone: () =>
            alone()
              .catch(() => undefined)
              .finally(() => (this.#isFolding = false)),
        });
      })
      .catch(() => (this.#isFolding = false)); // the next look tries again; until then the log grows
  }
}

function settle({ resolve, reject }: QueuedUnit, outcome: UnitOutcome): void {
  if ("result" in outcome) resolve(outcome.result);
  else if ("rejected" in outcome) reject(new UnitRejected(outcome.rejected.statement, outcome.rejected.failure));
  else reject(errorOf(outcome.fault, "a write"));
}
