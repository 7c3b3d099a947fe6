import type { SqlDialect } from "../database.ts";
import { firstSchema } from "./0001-first-schema.ts";
import { lighterIndexes } from "./0002-lighter-indexes.ts";
import { codeAgents } from "./0003-code-agents.ts";
import { unspacedMemory } from "./0004-unspaced-memory.ts";

/** Forward only, in order; a landed one is never changed. Each runs in one transaction with its record. */
export const migrations: readonly { name: string; statements: (dialect: SqlDialect) => readonly string[] }[] = [
  { name: "0001-first-schema", statements: firstSchema },
  { name: "0002-lighter-indexes", statements: lighterIndexes },
  { name: "0003-code-agents", statements: codeAgents },
  { name: "0004-unspaced-memory", statements: unspacedMemory },
];

export const migrationTable = "create table if not exists migration (name text primary key, applied_at text not null)";

/**
 * Which migrations are still to run, given those that have.
 * @throws when the database holds one that this release does not know, or one in the middle is missing
 */
export function pendingMigrations(applied: readonly string[]): typeof migrations {
  const known = migrations.map((migration) => migration.name);
  const unknown = applied.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new Error(
      `The database was written by a newer Runyard (migration ${unknown.join(", ")}). Start that release or newer, ` +
        `or restore a copy made before it.`,
    );
  }
  const pending = migrations.filter((migration) => !applied.includes(migration.name));
  const first = migrations.findIndex((migration) => migration === pending[0]);
  if (first >= 0 && pending.length !== migrations.length - first) {
    throw new Error(`The database lacks migration ${pending[0]?.name} but has later ones. Restore it from a copy.`);
  }
  return pending;
}
