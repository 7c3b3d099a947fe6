import { closeSync, mkdtempSync, openSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { checkpointPages, openSqlite } from "../../src/store/dialects/sqlite/open-sqlite.ts";
import { SqliteDatabase } from "../../src/store/dialects/sqlite/sqlite-database.ts";
import { type Row, type Statement, StoreUnavailable } from "../../src/store/statement.ts";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "runyard-test-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const put = (name: string, size = 1): Statement => ({
  sql: "insert into blob (sha256, size_bytes, created_at) values (?, ?, 0)",
  params: [name, size],
  returnsRows: false,
});
const grow = (name: string): Statement => ({
  sql: "update blob set size_bytes = size_bytes + 1 where sha256 = ? returning size_bytes",
  params: [name],
  returnsRows: true,
  expectsRow: true,
});
const names: Statement = { sql: "select sha256 from blob order by sha256", params: [], returnsRows: true };
const namesOf = (rows: readonly Row[]) => rows.map((row) => row["sha256"]);

function linkOf(descriptor: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    return ""; // the one that listed the folder
  }
}

async function open(crashPoint?: (name: string) => void): Promise<SqliteDatabase> {
  const database = new SqliteDatabase({ path: join(folder, "runyard.db"), crashPoint });
  await database.migrate();
  return database;
}

it("a unit is answered, and seen by readers, only once it was synced", async () => {
  let isWatching = false;
  const seen: { answered: string[]; read: Promise<readonly Row[]> }[] = [];
  const answered: string[] = [];
  await using database = await open((name) => {
    if (name === "group-to-sync" && isWatching) seen.push({ answered: [...answered], read: database.read(names) });
  });
  isWatching = true;
  await Promise.all(["a", "b"].map((name) => database.write([put(name)]).then(() => answered.push(name))));
  isWatching = false;
  expect(seen).toHaveLength(1);
  expect(seen[0]?.answered).toEqual([]);
  expect(namesOf((await seen[0]?.read) ?? [])).toEqual([]);
  expect(namesOf(await database.read(names))).toEqual(["a", "b"]);
});

it("a group that is on its way to the disk is not seen by a read that comes meanwhile", async () => {
  await using database = await open();
  const writes = Promise.all([database.write([put("a")]), database.write([put("b")])]);
  // Immediates run in the order they were set: the group is committed by now, and its sync has not been reported.
  const early = await new Promise<readonly Row[]>((resolve) => setImmediate(() => resolve(database.read(names))));
  expect(namesOf(early)).toEqual([]);
  await writes;
  expect(namesOf(await database.read(names))).toEqual(["a", "b"]);
});

it.runIf(process.platform === "linux")("once a sync has failed nothing is taken any more", async () => {
  await using database = await open();
  const logs = readdirSync("/proc/self/fd").filter(
    (name) => linkOf(name).startsWith(folder) && linkOf(name).endsWith("-wal"),
  );
  closeSync(Math.max(...logs.map(Number))); // of those that have the log open, the one that syncs opened it last
  openSync("/dev/null", "r+"); // takes its number, and cannot be synced
  await expect(database.write([put("a")])).rejects.toBeInstanceOf(StoreUnavailable);
  const refused = database.write([put("b")]);
  await expect(refused).rejects.toMatchObject({ cause: { message: expect.stringContaining("restart the server") } });
});

it("a full disk is no fault of the statement, undoes the whole unit, and passes", async () => {
  await using database = await open();
  const pragma = async (name: string, value?: number) => {
    const sql = `pragma ${name}${value === undefined ? "" : ` = ${value}`}`;
    const [rows] = await database.write([{ sql, params: [], returnsRows: true }]);
    return Number(rows?.[0]?.[name]);
  };
  await pragma("max_page_count", await pragma("page_count"));
  const large = put("x".repeat(100_000));
  const outcomes = await Promise.allSettled([
    database.write([put("a"), large]),
    database.writeMany([put("b")]),
    database.write([large]),
  ]);
  expect(outcomes).toMatchObject([
    { reason: { code: "overloaded", retryable: true } },
    {},
    { reason: { retryAfterMs: 5000 } },
  ]);
  expect(String(outcomes[0]?.status === "rejected" && outcomes[0].reason)).not.toContain("/");
  expect(namesOf(await database.read(names))).toEqual(["b"]);
  await pragma("max_page_count", 1_000_000);
  await database.write([put("c"), large]);
  expect(await database.read(names)).toHaveLength(3);
});

it("the log is folded back while others write, and begins anew", async () => {
  await using database = await open();
  const write = (seq: number, size: number) => {
    const sql = `insert into event (execution_id, seq, attempt, step, type, body, at)
      values ('e', ?, 1, 0, 'status-noted', ?, 0)`;
    return database.write([{ sql, params: [seq, "x".repeat(size)], returnsRows: false }]);
  };
  using looker = openSqlite(join(folder, "runyard.db"), { leavesSyncing: true });
  const pages = () => Number(looker.prepare("pragma wal_checkpoint(noop)").get()?.["log"]);
  let count = 0;
  while (pages() < checkpointPages) await write((count += 1), 200_000);
  while (pages() >= checkpointPages) await write((count += 1), 100);
  expect(await database.scan({ ...names, sql: "select count(*) as count from event" })).toEqual([{ count }]);
});

it("units of many rows are committed in the order of the calls, and undone as a whole", async () => {
  await using database = await open();
  const outcomes = await Promise.allSettled([
    database.write([put("a")]),
    database.writeMany([grow("a"), put("b")]),
    database.writeMany([put("c"), grow("not there")]),
    database.write([grow("a"), grow("b")]),
    database.writeMany([{ ...put("d"), sql: "not sql" }]),
  ]);
  expect(outcomes).toMatchObject([
    { value: [[]] },
    { value: [[{ size_bytes: 2 }], []] },
    { reason: { statement: 1, failure: "expectation" } },
    { value: [[{ size_bytes: 3 }], [{ size_bytes: 2 }]] },
    { reason: new Error('The database did not take a write: near "not": syntax error') },
  ]);
  expect(namesOf(await database.read(names))).toEqual(["a", "b"]);
});
