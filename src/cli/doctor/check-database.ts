import { type Finding, found, missing } from "./check.ts";

/** Opens one connection to the Postgres of the settings and closes it again. */
export async function checkDatabase(databaseUrl: string | undefined): Promise<Finding> {
  if (databaseUrl === undefined) return found("database", "SQLite in the data directory");
  const { Client } = (await import("pg")).default;
  const client = new Client({ connectionString: databaseUrl, connectionTimeoutMillis: 3_000 });
  const address = `Postgres at ${URL.parse(databaseUrl)?.host ?? "?"}`;
  try {
    await client.connect();
    const { rows } = await client.query<{ server_version: string }>("show server_version");
    return found("database", `${address}, version ${rows[0]?.server_version ?? "unknown"}`);
  } catch (error) {
    const reason = error instanceof Error ? error.message || error.name : String(error);
    return missing(
      "database",
      `${address}: ${reason}`,
      "Start it, or correct RUNYARD_DATABASE_URL; without that variable SQLite is used.",
    );
  } finally {
    await client.end().catch(() => undefined);
  }
}
