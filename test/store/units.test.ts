import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newId } from "../../src/contract/ids.ts";
import type { Database } from "../../src/store/database.ts";
import type { Statement } from "../../src/store/statement.ts";
import { StoreUnavailable, UnitRejected } from "../../src/store/statement.ts";
import { createTestDatabase, databaseKinds } from "../support/test-database.ts";

describe.each(databaseKinds)("a unit of work on %s", (kind) => {
  let database: Database;
  let dispose: () => PromiseLike<void>;
  beforeAll(async () => {
    const made = await createTestDatabase(kind);
    database = made.database;
    dispose = () => made[Symbol.asyncDispose]();
  });
  afterAll(async () => dispose());

  const place = (index: number) => (kind === "postgres" ? `$${index}` : "?");
  const put = (name: string, size: number): Statement => ({
    sql: `insert into blob (sha256, size_bytes, created_at) values (${place(1)}, ${place(2)}, 0)`,
    params: [name, size],
    returnsRows: false,
  });
  const grow = (name: string, by: number, expectsRow = true): Statement => ({
    sql: `update blob set size_bytes = size_bytes + ${place(1)} where sha256 = ${place(2)} returning size_bytes`,
    params: [by, name],
    returnsRows: true,
    expectsRow,
  });
  const sizeOf = async (name: string) => {
    const sql = `select size_bytes from blob where sha256 = ${place(1)}`;
    return (await database.read({ sql, params: [name], returnsRows: true }))[0]?.["size_bytes"];
  };

  it("gives the rows of each statement back, and a read sees it", async () => {
    const name = newId();
    expect(await database.write([put(name, 1), grow(name, 4)])).toEqual([[], [{ size_bytes: 5 }]]);
    expect(await sizeOf(name)).toBe(5);
  });

  it("is undone as a whole when its first expectation fails", async () => {
    const name = newId();
    const write = database.write([grow("nothing of this name", 1), put(name, 1)]);
    await expect(write).rejects.toMatchObject({ statement: 0, failure: "expectation" });
    expect(await sizeOf(name)).toBeUndefined();
  });

  it("is undone as a whole when a later expectation fails", async () => {
    const name = newId();
    const write = database.write([put(name, 1), grow(name, 1), grow("nothing of this name", 1)]);
    await expect(write).rejects.toMatchObject({ statement: 2, failure: "expectation" });
    expect(await sizeOf(name)).toBeUndefined();
  });

  it("holds a statement that returns no rows to its expectation by what it changed", async () => {
    const sql = `update blob set size_bytes = 1 where sha256 = ${place(1)}`;
    const write = database.write([{ sql, params: ["nothing of this name"], returnsRows: false, expectsRow: true }]);
    await expect(write).rejects.toMatchObject({ statement: 0, failure: "expectation" });
  });

  it("passes over an expectation that was not asked for", async () => {
    expect(await database.write([grow("nothing of this name", 1, false)])).toEqual([[]]);
  });

  it("says which statement broke a unique key", async () => {
    const name = newId();
    const other = newId();
    await database.write([put(name, 1)]);
    const write = database.write([put(other, 1), put(name, 2)]);
    await expect(write).rejects.toMatchObject({ statement: 1, failure: "unique" });
    await expect(write).rejects.toBeInstanceOf(UnitRejected);
    expect(await sizeOf(other)).toBeUndefined();
    expect(await sizeOf(name)).toBe(1);
  });

  it("says which statement named something that is not there", async () => {
    const sql = `insert into file (id, organization_id, name, type, sha256, size_bytes, created_at)
      values (${place(1)}, 'o', 'n', 't', 'no such blob', 0, 0)`;
    const write = database.write([{ sql, params: [newId()], returnsRows: false }]);
    await expect(write).rejects.toMatchObject({ statement: 0, failure: "foreign-key" });
  });

  it("tells a statement that cannot run from one that was rejected", async () => {
    const write = database.write([{ sql: "insert into no_such_table values (1)", params: [], returnsRows: false }]);
    await expect(write).rejects.not.toBeInstanceOf(UnitRejected);
    await expect(write).rejects.not.toBeInstanceOf(StoreUnavailable);
  });

  it("stands or falls by itself among others of the same moment", async () => {
    const names = Array.from({ length: 30 }, () => newId());
    await database.write([put(names[7] ?? "", 100)]);
    const outcomes = await Promise.allSettled(
      names.map((name, index) => {
        if (index % 5 === 3) return database.write([put(name, 1), grow("nothing of this name", 1)]);
        if (index % 5 === 4) return database.write([grow("nothing of this name", 1), put(name, 1)]);
        if (index === 10) return database.write([put(name, 1), { sql: "not sql", params: [], returnsRows: false }]);
        return database.write([put(name, 1), grow(name, index)]);
      }),
    );
    const failed = (index: number) => index % 5 >= 3 || index === 10 || index === 7;
    expect(outcomes.map(({ status }) => status)).toEqual(
      names.map((_, index) => (failed(index) ? "rejected" : "fulfilled")),
    );
    const sizes = await Promise.all(names.map(sizeOf));
    expect(sizes).toEqual(
      names.map((_, index) => {
        if (index === 7) return 100;
        return failed(index) ? undefined : 1 + index;
      }),
    );
  });

  it("puts a column of an earlier row, plus a number, where a statement refers to it", async () => {
    const name = newId();
    const copy = newId();
    const reference = { statement: 1, column: "size_bytes", plus: 10 };
    const refer: Statement = { ...put(copy, 0), params: [copy, reference] };
    await database.write([put(name, 2), grow(name, 3), refer]);
    expect(await sizeOf(copy)).toBe(15);
  });

  it("is undone when it refers to a row that is not there", async () => {
    const name = newId();
    const reference = { statement: 1, column: "size_bytes", plus: 0 };
    const unit = [
      put(name, 2),
      grow("nothing of this name", 1, false),
      { ...put(newId(), 0), params: ["x", reference] },
    ];
    await expect(database.write(unit)).rejects.toThrow();
    expect(await sizeOf(name)).toBeUndefined();
  });

  it("leaves a statement out when the one it comes after returned nothing", async () => {
    const name = newId();
    const skipped = newId();
    await database.write([put(name, 1)]);
    await database.write([
      grow("nothing of this name", 1, false),
      { ...put(skipped, 1), onlyAfter: 0 },
      grow(name, 1),
      { ...put(`${skipped}-2`, 1), onlyAfter: 2 },
    ]);
    expect(await sizeOf(skipped)).toBeUndefined();
    expect(await sizeOf(`${skipped}-2`)).toBe(1);
  });

  it("adds up under many writers of one row", async () => {
    const name = newId();
    await database.write([put(name, 0)]);
    const results = await Promise.all(Array.from({ length: 40 }, () => database.write([grow(name, 1)])));
    const sizes = results.map((result) => Number(result[0]?.[0]?.["size_bytes"])).sort((a, b) => a - b);
    expect(sizes).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
  });

  it("is not torn by two that take the same rows in another order", async () => {
    const [left, right] = [newId(), newId()];
    await database.write([put(left, 0), put(right, 0)]);
    await Promise.all(
      Array.from({ length: 4 }, (_, index) =>
        database.write(index % 2 === 0 ? [grow(left, 1), grow(right, 1)] : [grow(right, 1), grow(left, 1)]),
      ),
    );
    expect([await sizeOf(left), await sizeOf(right)]).toEqual([4, 4]);
  });
});
