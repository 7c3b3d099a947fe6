import { randomUUID } from "node:crypto";
import { Client } from "pg";
import { testSetting } from "./test-environment.ts";

export interface TestDatabase extends AsyncDisposable {
  /** Of a user that owns the database. */
  readonly url: string;
}

/**
 * Makes a fresh, empty database on the PostgreSQL server that `scripts/setup` started. Disposing drops it, also under
 * connections that are still open.
 * @throws Error that says to run `npm run setup`, when that has not been done
 */
export async function testDatabaseUrl(): Promise<TestDatabase> {
  const server = testSetting("RUNYARD_TEST_POSTGRES_URL");
  // The creation time in the name lets a later run sweep what a killed one has left.
  const name = `runyard_test_${Date.now()}_${randomUUID().slice(0, 8)}`;
  await onServer(server, async (client) => {
    await dropLeftovers(client);
    await client.query(`CREATE DATABASE ${name} TEMPLATE template0`);
  });
  const url = new URL(server);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    [Symbol.asyncDispose]: () =>
      onServer(server, async (client) => {
        await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      }),
  };
}

const leftoverAfterMs = 6 * 60 * 60 * 1_000;

async function dropLeftovers(client: Client): Promise<void> {
  const { rows } = await client.query<{ datname: string }>(
    "SELECT datname FROM pg_database WHERE datname ~ '^runyard_test_[0-9]+_[0-9a-f]+$'",
  );
  for (const { datname } of rows) {
    if (Number(datname.split("_")[2]) > Date.now() - leftoverAfterMs) continue;
    await client.query(`DROP DATABASE IF EXISTS ${datname} WITH (FORCE)`);
  }
}

async function onServer(url: string, work: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client({ connectionString: url });
  try {
    await client.connect();
    await work(client);
  } catch (error) {
    throw new Error("The test database server does not answer as it should. Run: npm run setup", { cause: error });
  } finally {
    await client.end().catch(() => {});
  }
}
