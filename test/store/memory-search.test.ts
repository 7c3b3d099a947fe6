import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Database } from "../../src/store/database.ts";
import { toStatement } from "../../src/store/database.ts";
import { migrations, migrationTable } from "../../src/store/migrations/migrations.ts";
import { wordsOf } from "../../src/operations/search-memory.ts";
import { createDatabasePlace, createTestDatabase, databaseKinds } from "../support/test-database.ts";

describe.each(databaseKinds)("memory search on %s", (kind) => {
  let database: Database;
  let dispose: () => PromiseLike<void>;
  const times = { created_at: 1, updated_at: 1 };

  beforeAll(async () => {
    const made = await createTestDatabase(kind);
    database = made.database;
    dispose = () => made[Symbol.asyncDispose]();
    const { builder } = database;
    for (const id of ["s1", "s2"]) {
      const store = {
        id,
        organization_id: "o",
        name: id,
        description: "",
        agent_writable: 1,
        metadata: "{}",
        ...times,
      };
      await database.write([toStatement(builder.insertInto("memory_store").values(store))]);
    }
    await put("e1", "s1", "Paris is the capital of France");
    await put("e2", "s1", "The capital, the capital and again the capital");
    await put("e3", "s1", "Bread is baked in the morning", "favourite-bread");
    await put("e4", "s2", "Another capital in another store");
  });
  afterAll(async () => dispose());

  async function put(id: string, store: string, content: string, key: string | null = null): Promise<void> {
    const entry = { id, store_id: store, organization_id: "o", key, content, metadata: "{}", ...times };
    await database.write([toStatement(database.builder.insertInto("memory_entry").values(entry))]);
  }

  async function search(...words: string[]): Promise<unknown[]> {
    const rows = await database.read(database.dialect.searchMemory({ storeId: "s1", words, limit: 10 }));
    for (const row of rows) expect(row["score"]).toBeTypeOf("number");
    return rows.map((row) => row["id"]);
  }

  it("finds any of the words in one store, best first", async () => {
    expect((await search("capital")).sort()).toEqual(["e1", "e2"]);
    expect((await search("capital", "bread")).sort()).toEqual(["e1", "e2", "e3"]);
    expect((await search("paris", "capital"))[0]).toBe("e1");
  });

  it("gives a higher score to the better match", async () => {
    const rows = await database.read(
      database.dialect.searchMemory({ storeId: "s1", words: ["paris", "capital"], limit: 10 }),
    );
    const scores = rows.map((row) => Number(row["score"]));
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
  });

  it("finds a key", async () => {
    expect(await search("favourite")).toEqual(["e3"]);
  });

  it("keeps to the limit", async () => {
    const rows = await database.read(database.dialect.searchMemory({ storeId: "s1", words: ["capital"], limit: 1 }));
    expect(rows).toHaveLength(1);
  });

  it.each(["'", '"', "\\", "a' | 'b", 'a" OR "b', "*", "capital:*", "(", "&", "%"])(
    "takes %j for text, not for a query",
    async (word) => {
      await expect(search(word)).resolves.toBeInstanceOf(Array);
    },
  );

  it.each([
    ["北京", "北京烤鸭很好吃", "京北是另一个地方"],
    ["烤鸭店在哪里", "北京烤鸭很好吃", "上海有很多人"],
    ["タワー", "東京タワーに行った", "東京駅に行った"],
    ["GPT模型", "我们用GPT模型写作", "我们用笔写作"],
    ["주소", "고객주소는 서울입니다", "고객 이름"],
    ["鸭", "北京烤鸭很好吃", "上海有很多人"],
    ["𠮷野", "𠮷野家の牛丼", "松屋の牛丼"],
  ])("finds %s within a run of characters without spaces", async (query, found, other) => {
    await put("e10", "s1", found);
    await put("e11", "s1", other);
    expect(await search(...wordsOf(query))).toEqual(["e10"]);
    const { builder } = database;
    const change = builder.updateTable("memory_entry").set({ key: query, content: "none" }).where("id", "=", "e11");
    await database.write([toStatement(change)]);
    expect((await search(...wordsOf(query))).toSorted()).toEqual(["e10", "e11"]);
    const remove = builder.deleteFrom("memory_entry").where("id", "in", ["e10", "e11"]);
    await database.write([toStatement(remove)]);
  });

  it("follows changes and removals", async () => {
    await put("e9", "s1", "zebra");
    expect(await search("zebra")).toEqual(["e9"]);
    const { builder } = database;
    const change = builder.updateTable("memory_entry").set({ content: "giraffe" }).where("id", "=", "e9");
    await database.write([toStatement(change)]);
    expect(await search("zebra")).toEqual([]);
    expect(await search("giraffe")).toEqual(["e9"]);
    await database.write([toStatement(builder.deleteFrom("memory_entry").where("id", "=", "e9"))]);
    expect(await search("giraffe")).toEqual([]);
  });
});

it.each(databaseKinds)("on %s what was stored before is found by parts as well", async (kind) => {
  await using place = await createDatabasePlace(kind);
  await using database = place.open();
  const run = (sql: string) => ({ sql, params: [], returnsRows: false });
  const earlier = migrations.filter(({ name }) => name < "0004");
  await database.write([run(migrationTable)]);
  await database.write(earlier.flatMap((migration) => migration.statements(database.dialect).map(run)));
  await database.write(
    earlier.map(({ name }) => run(`insert into migration (name, applied_at) values ('${name}', '')`)),
  );
  const times = "1, 1";
  await database.write([
    run(`insert into memory_store (id, organization_id, name, description, agent_writable, metadata, created_at, updated_at)
      values ('s1', 'o', 's', '', 1, '{}', ${times})`),
    run(`insert into memory_entry (id, store_id, organization_id, content, metadata, created_at, updated_at)
      values ('e1', 's1', 'o', '北京烤鸭 and bread', '{}', ${times})`),
  ]);
  const search = (query: string) =>
    database.read(database.dialect.searchMemory({ storeId: "s1", words: wordsOf(query), limit: 10 }));
  expect(await search("烤鸭")).toEqual([]);
  await database.migrate();
  expect(await search("烤鸭")).toMatchObject([{ id: "e1", content: "北京烤鸭 and bread" }]);
  expect(await search("bread")).toHaveLength(1);
});
