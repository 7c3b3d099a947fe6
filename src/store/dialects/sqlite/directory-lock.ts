import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/**
 * Holds a data directory for one process. The lock is SQLite's own on a file beside the database, so the system gives it
 * back whenever and however the process dies.
 *
 * @throws when another process holds it
 */
export function lockDirectory(directory: string): Disposable {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(join(directory, "lock"), { timeout: 0 });
  try {
    database.exec("begin exclusive");
  } catch (cause) {
    database.close();
    throw new Error(
      `Another Runyard works on ${directory}. Stop it first, or give this one a directory of its own (RUNYARD_DATA_DIR).`,
      { cause },
    );
  }
  return { [Symbol.dispose]: () => database.close() };
}
