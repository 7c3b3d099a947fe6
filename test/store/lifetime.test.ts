import { describe, expect, it } from "vitest";
import type { Database } from "../../src/store/database.ts";
import { toStatement } from "../../src/store/database.ts";
import { StoreUnavailable } from "../../src/store/statement.ts";
import { createDatabasePlace, createTestDatabase, databaseKinds } from "../support/test-database.ts";

const countMigrations = async (database: Database) => {
  const rows = await database.read({ sql: "select name from migration", params: [], returnsRows: true });
  return rows.length;
};

describe.each(databaseKinds)("a database on %s", (kind) => {
  it("is migrated once, however often and by however many it is asked", async () => {
    await using place = await createDatabasePlace(kind);
    await using first = place.open();
    await using second = place.open();
    await first.migrate();
    const count = await countMigrations(first);
    await Promise.all([first.migrate(), second.migrate()]);
    expect(await countMigrations(first)).toBe(count);
    expect(count).toBeGreaterThan(0);
  });

  it("is refused when a newer release has written it", async () => {
    await using made = await createTestDatabase(kind);
    const { database } = made;
    const insert = "insert into migration (name, applied_at) values ('9999-from-the-future', 'then')";
    await database.write([{ sql: insert, params: [], returnsRows: false }]);
    await expect(database.migrate()).rejects.toThrow(/newer Runyard.*9999-from-the-future/);
  });

  it("is refused when an earlier migration is missing", async () => {
    await using made = await createTestDatabase(kind);
    const { database } = made;
    const names = await database.read({
      sql: "select name from migration order by name",
      params: [],
      returnsRows: true,
    });
    if (names.length < 2) return; // one migration has no earlier one
    const drop = `delete from migration where name = '${String(names[0]?.["name"])}'`;
    await database.write([{ sql: drop, params: [], returnsRows: false }]);
    await expect(database.migrate()).rejects.toThrow(/lacks migration/);
  });

  it("keeps what was written over a close", async () => {
    await using place = await createDatabasePlace(kind);
    {
      await using database = place.open();
      await database.migrate();
      const insert = "insert into blob (sha256, size_bytes, created_at) values ('a', 9007199254740991, 2)";
      // Closed at once: what was asked for before is written first.
      void database.write([{ sql: insert, params: [], returnsRows: false }]);
    }
    await using database = place.open();
    const query = database.builder.selectFrom("blob").selectAll();
    expect(await database.read(toStatement(query))).toEqual([
      { sha256: "a", size_bytes: 9_007_199_254_740_991, created_at: 2 },
    ]);
    expect(await database.scan(toStatement(query))).toHaveLength(1);
  });

  it("lets another connection see what one has written", async () => {
    await using place = await createDatabasePlace(kind);
    await using one = place.open();
    await using other = place.open();
    await one.migrate();
    const insert = "insert into blob (sha256, size_bytes, created_at) values ('a', 1, 2)";
    await one.write([{ sql: insert, params: [], returnsRows: false }]);
    expect(await other.read(toStatement(other.builder.selectFrom("blob").select("sha256")))).toEqual([{ sha256: "a" }]);
  });
});

describe("a database on postgres", () => {
  it("goes on when the server closes connections that are in use", async () => {
    await using made = await createTestDatabase("postgres");
    const { database } = made;
    const insert = "insert into blob (sha256, size_bytes, created_at) values ('a', 1, 2)";
    const close = "select pg_terminate_backend(pg_backend_pid())";
    const broken = database.write([
      { sql: insert, params: [], returnsRows: false },
      { sql: close, params: [], returnsRows: true },
    ]);
    await expect(broken).rejects.toThrow(StoreUnavailable);
    await expect(broken).rejects.toMatchObject({ code: "overloaded", retryable: true, retryAfterMs: 5000 });
    expect(await database.read(toStatement(database.builder.selectFrom("blob").select("sha256")))).toEqual([]);
    await database.write([{ sql: insert, params: [], returnsRows: false }]);
    expect(await database.read(toStatement(database.builder.selectFrom("blob").select("sha256")))).toHaveLength(1);
  });

  it("reads once more, on another connection, when one dies", async () => {
    await using made = await createTestDatabase("postgres");
    const { database } = made;
    // The sequence is moved on for good, so the second try sees that it is not the first.
    await database.write([{ sql: "create sequence tries", params: [], returnsRows: false }]);
    const dieUntil = (last: number) => ({
      sql: `select case when nextval('tries') < ${last} then pg_terminate_backend(pg_backend_pid()) end as died`,
      params: [],
      returnsRows: true,
    });
    expect(await database.read(dieUntil(2))).toEqual([{ died: null }]);
    await expect(database.read(dieUntil(5))).rejects.toThrow(StoreUnavailable);
  });
});
