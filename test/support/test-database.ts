import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Database } from "../../src/store/database.ts";
import { PostgresDatabase } from "../../src/store/dialects/postgres/postgres-database.ts";
import { SqliteDatabase } from "../../src/store/dialects/sqlite/sqlite-database.ts";
import { testDatabaseUrl } from "./postgres.ts";

/** Every conformance case runs on each of them. */
export const databaseKinds = ["sqlite", "postgres"] as const;
export type DatabaseKind = (typeof databaseKinds)[number];

/** A place for one database of a test, which outlives the connections to it. */
export interface DatabasePlace extends AsyncDisposable {
  /** Another connection to the same data; whoever asks closes it. */
  open(): Database;
}

/** Makes an empty place without a schema; disposing removes it with all it holds. */
export async function createDatabasePlace(kind: DatabaseKind): Promise<DatabasePlace> {
  if (kind === "postgres") {
    const place = await testDatabaseUrl();
    return {
      open: () => new PostgresDatabase({ url: place.url }),
      [Symbol.asyncDispose]: () => place[Symbol.asyncDispose](),
    };
  }
  const folder = await mkdtemp(join(tmpdir(), "runyard-test-"));
  return {
    open: () => new SqliteDatabase({ path: join(folder, "runyard.db") }),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A migrated database at a place of its own; disposing closes and removes it. */
export async function createTestDatabase(kind: DatabaseKind): Promise<{ database: Database } & AsyncDisposable> {
  const place = await createDatabasePlace(kind);
  const database = place.open();
  await database.migrate();
  return {
    database,
    async [Symbol.asyncDispose]() {
      await database[Symbol.asyncDispose]();
      await place[Symbol.asyncDispose]();
    },
  };
}
