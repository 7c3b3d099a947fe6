import { join } from "node:path";
import type { Database } from "./database.ts";
import { lockDirectory } from "./dialects/sqlite/directory-lock.ts";
import { SqliteDatabase } from "./dialects/sqlite/sqlite-database.ts";

/**
 * Opens the database of the settings, alone: a second process on the same one is refused. The schema is left as it is.
 * @param options.url a Postgres URL; undefined: SQLite in the data directory
 */
export async function openDatabase(options: {
  dataDir: string;
  url: string | undefined;
  /** Told of each commit on SQLite: how many units shared it, and how long it took. */
  onCommit?: (units: number, durationMs: number) => void;
  /** Called at named points, by drills that stop the process there. */
  crashPoint?: (name: string) => void;
  /** Another process may take the database from now on: stop at once. */
  onLockLost: (error: Error) => void;
}): Promise<Database> {
  if (options.url !== undefined) {
    // Its driver is loaded when it is asked for: most servers work on SQLite.
    const { PostgresDatabase } = await import("./dialects/postgres/postgres-database.ts");
    const { url, onLockLost, crashPoint } = options;
    const database = new PostgresDatabase({ url, onLockLost, crashPoint });
    try {
      await database.holdAlone();
    } catch (error) {
      await database[Symbol.asyncDispose]();
      throw error;
    }
    return database;
  }
  const lock = lockDirectory(options.dataDir);
  const { onCommit, crashPoint } = options;
  const path = join(options.dataDir, "runyard.db");
  try {
    return new SqliteDatabase({ path, lock, onCommit, crashPoint });
  } catch (cause) {
    lock[Symbol.dispose]();
    throw new Error(`The database ${path} cannot be used: ${cause instanceof Error ? cause.message : String(cause)}.`, {
      cause,
    });
  }
}
