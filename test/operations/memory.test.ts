import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newId } from "../../src/contract/ids.ts";
import { createMemoryStore } from "../../src/operations/create-memory-store.ts";
import { deleteMemoryEntry } from "../../src/operations/delete-memory-entry.ts";
import { deleteMemoryStore } from "../../src/operations/delete-memory-store.ts";
import { getMemoryEntry } from "../../src/operations/get-memory-entry.ts";
import { getMemoryStore } from "../../src/operations/get-memory-store.ts";
import { listMemoryEntries } from "../../src/operations/list-memory-entries.ts";
import { listMemoryStores } from "../../src/operations/list-memory-stores.ts";
import { createMemoryAccess } from "../../src/operations/memory-access.ts";
import { putMemoryEntry } from "../../src/operations/put-memory-entry.ts";
import { updateMemoryEntry } from "../../src/operations/update-memory-entry.ts";
import { updateMemoryStore } from "../../src/operations/update-memory-store.ts";
import { databaseKinds } from "../support/test-database.ts";
import { failure, newestFirst, startTestOperations, type TestOperations, withKey } from "./test-operations.ts";

describe.each(databaseKinds)("memory on %s", (kind) => {
  let operations: TestOperations;
  beforeAll(async () => {
    operations = await startTestOperations(kind);
  });
  afterAll(async () => operations[Symbol.asyncDispose]());

  const entryCount = async (storeId: string) =>
    (await getMemoryStore(operations.parts, operations.first, storeId)).entryCount;

  test("a store keeps what it was given, and a change only what it names", async () => {
    const { parts, first } = operations;
    const store = await createMemoryStore(parts, first, { name: "Facts" });
    expect(store).toMatchObject({ description: "", agentWritable: true, entryCount: 0, metadata: {} });
    operations.time += 1000;
    const changed = await updateMemoryStore(parts, first, store.id, { agentWritable: false });
    expect(changed).toEqual({ ...store, agentWritable: false, updatedAt: operations.time });
    expect(await getMemoryStore(parts, first, store.id)).toEqual(changed);
    expect((await listMemoryStores(parts, first, newestFirst)).items).toContainEqual(changed);
  });

  test("an entry of the same key is replaced, and the count follows every change", async () => {
    const { parts, first } = operations;
    const { id: storeId } = await createMemoryStore(parts, first, { name: "Counted" });
    const made = await putMemoryEntry(parts, first, storeId, { key: "colour", content: "red", metadata: { a: 1 } });
    expect(made.created).toBe(true);
    const again = await putMemoryEntry(parts, first, storeId, { key: "colour", content: "blue" });
    expect(again).toMatchObject({ created: false, entry: { id: made.entry.id, content: "blue", metadata: {} } });
    const loose = await putMemoryEntry(parts, first, storeId, { content: "no key" });
    expect(await entryCount(storeId)).toBe(2);
    expect(await getMemoryEntry(parts, first, storeId, made.entry.id)).toEqual(again.entry);
    await deleteMemoryEntry(parts, first, storeId, loose.entry.id);
    await expect(deleteMemoryEntry(parts, first, storeId, loose.entry.id)).rejects.toThrow(
      failure("memory_entry_not_found"),
    );
    expect(await entryCount(storeId)).toBe(1);
  });

  test("writers of one key at the same time leave one entry", async () => {
    const { parts, first } = operations;
    const { id: storeId } = await createMemoryStore(parts, first, { name: "Raced" });
    const written = await Promise.all(
      Array.from({ length: 8 }, (_, index) => putMemoryEntry(parts, first, storeId, { key: "k", content: `${index}` })),
    );
    expect(written.filter(({ created }) => created)).toHaveLength(1);
    expect(new Set(written.map(({ entry }) => entry.id)).size).toBe(1);
    expect((await listMemoryEntries(parts, first, storeId, {}, newestFirst)).items).toHaveLength(1);
    expect(await entryCount(storeId)).toBe(1);
  });

  test("a key can be changed, removed, and not taken twice", async () => {
    const { parts, first } = operations;
    const { id: storeId } = await createMemoryStore(parts, first, { name: "Keys" });
    const { entry } = await putMemoryEntry(parts, first, storeId, { key: "a", content: "one" });
    const { entry: other } = await putMemoryEntry(parts, first, storeId, { key: "b", content: "two" });
    await expect(updateMemoryEntry(parts, first, storeId, other.id, { key: "a" })).rejects.toThrow(
      failure("unprocessable", "key"),
    );
    expect(await updateMemoryEntry(parts, first, storeId, entry.id, { key: null })).toMatchObject({
      key: null,
      content: "one",
    });
    expect(await updateMemoryEntry(parts, first, storeId, other.id, { key: "a", content: "2" })).toMatchObject({
      key: "a",
      content: "2",
    });
    const { items } = await listMemoryEntries(parts, first, storeId, { key: "a" }, newestFirst);
    expect(items.map(({ id }) => id)).toEqual([other.id]);
  });

  test("a search finds words in keys and contents, the best first, and follows changes", async () => {
    const { parts, first } = operations;
    const { id: storeId } = await createMemoryStore(parts, first, { name: "Searched" });
    const put = async (content: string, key?: string) =>
      (await putMemoryEntry(parts, first, storeId, { content, ...(key && { key }) })).entry;
    const both = await put("The blue car stands in the blue garage");
    const one = await put("A car");
    const keyed = await put("Something", "garage");
    const search = async (query: string, limit = 20) =>
      (await listMemoryEntries(parts, first, storeId, { query }, { limit })).items.map(({ id }) => id);
    expect((await search("blue garage"))[0]).toBe(both.id);
    expect((await search("garage")).toSorted()).toEqual([both.id, keyed.id].toSorted());
    expect(await search("CAR", 1)).toHaveLength(1);
    expect(await search("'; drop table -- \" ( * :")).toEqual([]);
    expect(await search("???")).toEqual([]);
    await updateMemoryEntry(parts, first, storeId, one.id, { content: "A bicycle" });
    expect(await search("bicycle")).toEqual([one.id]);
    expect(await search("car")).toEqual([both.id]);
    const { items } = await listMemoryEntries(parts, first, storeId, { query: "bicycle" }, newestFirst);
    expect(items[0]?.score).toBeTypeOf("number");
    await deleteMemoryStore(parts, first, storeId);
    await expect(search("car")).rejects.toThrow(failure("memory_store_not_found"));
    const leftovers = await parts.database.read(
      parts.database.dialect.searchMemory({ storeId, words: ["car"], limit: 9 }),
    );
    expect(leftovers).toEqual([]);
  });

  test("another organization's store answers like none", async () => {
    const { parts, first } = operations;
    const { id: storeId } = await createMemoryStore(parts, first, { name: "Mine" });
    const { entry } = await putMemoryEntry(parts, first, storeId, { key: "k", content: "private" });
    const stranger = await operations.stranger();
    const own = await createMemoryStore(parts, stranger, { name: "Theirs" });
    const calls: (() => Promise<unknown>)[] = [
      () => getMemoryStore(parts, stranger, storeId),
      () => updateMemoryStore(parts, stranger, storeId, { name: "x" }),
      () => deleteMemoryStore(parts, stranger, storeId),
      () => putMemoryEntry(parts, stranger, storeId, { key: "k", content: "overwritten" }),
      () => getMemoryEntry(parts, stranger, storeId, entry.id),
      () => updateMemoryEntry(parts, stranger, storeId, entry.id, { content: "x" }),
      () => listMemoryEntries(parts, stranger, storeId, { query: "private" }, newestFirst),
      () => deleteMemoryEntry(parts, stranger, storeId, entry.id),
    ];
    for (const call of calls) await expect(call()).rejects.toThrow(failure("memory_store_not_found"));
    // Through a store of one's own no entry of another is reached.
    await expect(getMemoryEntry(parts, stranger, own.id, entry.id)).rejects.toThrow(failure("memory_entry_not_found"));
    await expect(deleteMemoryEntry(parts, stranger, own.id, entry.id)).rejects.toThrow(
      failure("memory_entry_not_found"),
    );
    expect((await listMemoryStores(parts, stranger, newestFirst)).items.map(({ id }) => id)).toEqual([own.id]);
    expect(await getMemoryEntry(parts, first, storeId, entry.id)).toMatchObject({ content: "private" });
    expect(await entryCount(storeId)).toBe(1);
  });

  test("an agent's repeated write leaves one entry, also when the first was never answered", async () => {
    const { parts, first } = operations;
    const { id: storeId, organizationId } = await createMemoryStore(parts, first, { name: "Agents" });
    const memory = createMemoryAccess(parts);
    const store = { organizationId, storeId };
    const call = { key: undefined, content: "learned", sourceExecutionId: newId(), callId: newId() };
    const [entry] = await Promise.all([memory.write(store, call), memory.write(store, call)]);
    expect(await memory.write(store, call)).toMatchObject({ id: entry.id, sourceExecutionId: call.sourceExecutionId });
    expect(await entryCount(storeId)).toBe(1);
    const other = await memory.write(store, { ...call, callId: "call-2" });
    expect(other.id).not.toBe(entry.id);
    const keyed = { ...call, key: "k", callId: newId() };
    expect((await memory.write(store, keyed)).id).toBe((await memory.write(store, keyed)).id);
    expect(await entryCount(storeId)).toBe(3);
    expect((await memory.search(store, "learned", 2)).map(({ content }) => content)).toEqual(["learned", "learned"]);
    expect(await memory.delete(store, entry.id)).toBe(true);
    expect(await memory.delete(store, entry.id)).toBe(false);
    expect(await entryCount(storeId)).toBe(2);
  });

  test("an agent may not write where the store does not let it, nor into another organization's store", async () => {
    const { parts, first } = operations;
    const { id: storeId, organizationId } = await createMemoryStore(parts, first, {
      name: "Read",
      agentWritable: false,
    });
    const { entry } = await putMemoryEntry(parts, first, storeId, { content: "fixed" });
    const memory = createMemoryAccess(parts);
    const write = { key: undefined, content: "x", sourceExecutionId: newId(), callId: newId() };
    await expect(memory.write({ organizationId, storeId }, write)).rejects.toThrow(failure("unprocessable"));
    await expect(memory.delete({ organizationId, storeId }, entry.id)).rejects.toThrow(failure("unprocessable"));
    expect(await memory.search({ organizationId, storeId }, "fixed", 5)).toHaveLength(1);
    const foreign = { organizationId: (await operations.stranger()).organization.id, storeId };
    await expect(memory.write(foreign, write)).rejects.toThrow(failure("memory_store_not_found"));
    await expect(memory.search(foreign, "fixed", 5)).rejects.toThrow(failure("memory_store_not_found"));
    expect(await entryCount(storeId)).toBe(1);
  });

  test("the answer to an idempotency key says whether the entry was new", async () => {
    const { parts, first } = operations;
    const { id: storeId } = await createMemoryStore(parts, first, { name: "Once" });
    const seen: unknown[] = [];
    const caller = withKey(first, `entry-${kind}`, (result) => {
      seen.push(result);
      return null;
    });
    const outcome = await putMemoryEntry(parts, caller, storeId, { key: "k", content: "1" });
    expect(seen).toEqual([outcome]);
    expect(outcome.created).toBe(true);
  });
});
