import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Database } from "../../src/store/database.ts";
import { toStatement } from "../../src/store/database.ts";
import { createTestDatabase, databaseKinds } from "../support/test-database.ts";

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
