import { DatabaseSync } from "node:sqlite";

/**
 * Opens a connection with the settings that durability rests on: a write-ahead log, synced at every commit.
 * Releases before 3.51.3 can lose a reset of that log, so they are refused.
 */
export function openSqlite(path: string, options: { readOnly?: boolean } = {}): DatabaseSync {
  const version = process.versions.sqlite ?? "0";
  if (compareVersions(version, "3.51.3") < 0) {
    throw new Error(`SQLite 3.51.3 or newer is needed, this Node has ${version}. Install Node 24.15 or newer.`);
  }
  const database = new DatabaseSync(path, { readOnly: options.readOnly === true, timeout: 10_000 });
  if (options.readOnly !== true) {
    database.exec("pragma journal_mode = wal");
    database.exec("pragma synchronous = full");
    // The log is folded back every 16 MiB: checkpoints cost syncs, which a larger log makes rarer.
    database.exec("pragma wal_autocheckpoint = 4000");
  }
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
