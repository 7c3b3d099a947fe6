import pg from "pg";
import type { Row } from "../../../src/store/statement.ts";
import { openSqlite } from "../../../src/store/dialects/sqlite/open-sqlite.ts";

/** Reads a database as it stood at one moment, beside a server that goes on writing or after one that has stopped. */
export interface Reader extends AsyncDisposable {
  rows(sql: string): Promise<Row[]>;
}

/** @param database the path of a SQLite file, or a `postgres://` URL */
export async function openReader(database: string): Promise<Reader> {
  return /^postgres(ql)?:/.test(database) ? await openPostgresReader(database) : openSqliteReader(database);
}

function openSqliteReader(path: string): Reader {
  const database = openSqlite(path, { readOnly: true });
  database.exec("begin");
  return {
    rows: (sql) => Promise.resolve(database.prepare(sql).all() as Row[]),
    [Symbol.asyncDispose]: () => Promise.resolve(database.close()),
  };
}

async function openPostgresReader(url: string): Promise<Reader> {
  // Counters and times are bigint columns whose values stay below 2^53.
  const getTypeParser = ((oid: number, format?: "text" | "binary") =>
    oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser;
  const client = new pg.Client({ connectionString: url, types: { getTypeParser } });
  await client.connect();
  await client.query("begin isolation level repeatable read read only");
  return {
    rows: async (sql) => (await client.query<Row>(sql)).rows,
    [Symbol.asyncDispose]: () => client.end(),
  };
}
