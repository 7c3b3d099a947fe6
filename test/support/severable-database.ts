import type { Database } from "../../src/store/database.ts";
import { type Row, type Statement, StoreUnavailable, type UnitResult } from "../../src/store/statement.ts";

/** A real database that a test can cut an engine off from, the way a death or a failing disk does. */
export class SeverableDatabase implements Database {
  readonly builder: Database["builder"];
  readonly dialect: Database["dialect"];
  readonly #database: Database;
  #severed = false;
  #failing = 0;

  constructor(database: Database) {
    this.#database = database;
    this.builder = database.builder;
    this.dialect = database.dialect;
  }

  /** From now on nothing is written and no call comes back. */
  sever(): void {
    this.#severed = true;
  }

  /** The next `count` writes fail as on a full disk: nothing of them is stored. */
  failWrites(count: number): void {
    this.#failing = count;
  }

  read(statement: Statement): Promise<readonly Row[]> {
    return this.#unlessSevered(() => this.#database.read(statement));
  }

  scan(statement: Statement): Promise<readonly Row[]> {
    return this.#unlessSevered(() => this.#database.scan(statement));
  }

  write(unit: readonly Statement[]): Promise<UnitResult> {
    if (this.#failing > 0 && !this.#severed) {
      this.#failing -= 1;
      return Promise.reject(new StoreUnavailable("The disk is full, says the test."));
    }
    return this.#unlessSevered(() => this.#database.write(unit));
  }

  writeMany(unit: readonly Statement[]): Promise<UnitResult> {
    return this.write(unit);
  }

  migrate(): Promise<void> {
    return this.#database.migrate();
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#database[Symbol.asyncDispose]();
  }

  /** A call under way when the line is cut may take effect, but its answer never comes. */
  async #unlessSevered<T>(call: () => Promise<T>): Promise<T> {
    if (this.#severed) return new Promise<T>(() => undefined);
    const answer = await call();
    return this.#severed ? new Promise<T>(() => undefined) : answer;
  }
}
