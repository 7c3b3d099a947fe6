import { DatabaseSync } from "node:sqlite";
import { spaceOut } from "../../unspaced-text.ts";

/** The log is folded back every 16 MiB: checkpoints cost syncs, which a larger log makes rarer. */
export const checkpointPages = 4000;

/**
 * Opens a connection with the settings that durability rests on: a write-ahead log, synced at every commit.
 * Releases before 3.51.3 can lose a reset of that log, so they are refused.
 *
 * @param options.leavesSyncing commits do not wait for the disk and never fold the log back: the caller sees to both
 */
export function openSqlite(path: string, options: { readOnly?: boolean; leavesSyncing?: boolean } = {}): DatabaseSync {
  const version = process.versions.sqlite ?? "0";
  if (compareVersions(version, "3.51.3") < 0) {
    throw new Error(`SQLite 3.51.3 or newer is needed, this Node has ${version}. Install Node 24.15 or newer.`);
  }
  const database = new DatabaseSync(path, { readOnly: options.readOnly === true, timeout: 10_000 });
  if (options.readOnly !== true) {
    database.exec("pragma journal_mode = wal");
    // `normal` still syncs where the file's order matters: the head of a log that begins anew, and checkpoints.
    database.exec(`pragma synchronous = ${options.leavesSyncing === true ? "normal" : "full"}`);
    database.exec(`pragma wal_autocheckpoint = ${options.leavesSyncing === true ? 0 : checkpointPages}`);
  }
  // The triggers that index memory call it.
  database.function("space_out", { deterministic: true }, (text) => (typeof text === "string" ? spaceOut(text) : text));
  database.exec("pragma foreign_keys = on");
  database.exec("pragma cache_size = -16000");
  database.exec("pragma temp_store = memory");
  return database;
}

export function compareVersions(left: string, right: string): number {
  const [a, b] = [left, right].map((version) => version.split(".").map(Number));
  for (let index = 0; index < 3; index += 1) {
    const difference = (a?.[index] ?? 0) - (b?.[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
