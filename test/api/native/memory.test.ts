import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { memoryEntrySchema, memoryStoreSchema } from "../../../src/http/dialects/native/schemas/memory.ts";
import { pageSchema } from "../../../src/http/dialects/native/schemas/page.ts";
import { bodyOf, createAgent, errorOf, execute } from "./native-api.ts";
import { type NativePlatform, startNativePlatform } from "./native-platform.ts";

let native: NativePlatform;
beforeAll(async () => {
  native = await startNativePlatform();
});
afterAll(() => native[Symbol.asyncDispose]());

async function createStore(fields: object = {}) {
  const store = bodyOf(
    await native.api.post("/v1/memory-stores", { name: "Facts", ...fields }),
    201,
    memoryStoreSchema,
  );
  return { ...store, path: `/v1/memory-stores/${store.id}`, entries: `/v1/memory-stores/${store.id}/entries` };
}

const page = pageSchema(memoryEntrySchema);

describe("memory stores", () => {
  it("are made, read, changed, listed and deleted", async () => {
    const store = await createStore({ description: "What we know.", metadata: { team: "a" } });
    expect(store).toMatchObject({
      id: expect.stringMatching(/^mem_/),
      name: "Facts",
      description: "What we know.",
      agentWritable: true,
      entryCount: 0,
      metadata: { team: "a" },
    });
    const changed = await native.api.patch(store.path, { name: "Known", agentWritable: false });
    expect(bodyOf(changed, 200, memoryStoreSchema)).toMatchObject({ name: "Known", agentWritable: false });
    expect((await native.api.get(store.path)).body).toEqual(changed.body);
    const { data } = bodyOf(await native.api.get("/v1/memory-stores"), 200, pageSchema(memoryStoreSchema));
    expect(data.map(({ id }) => id)).toContain(store.id);
    expect((await native.api.delete(store.path)).body).toEqual({ id: store.id, deleted: true });
    expect(errorOf(await native.api.get(store.path), 404).code).toBe("memory_store_not_found");
    expect(errorOf(await native.api.post(store.entries, { content: "x" }), 404).code).toBe("memory_store_not_found");
  });

  it.each([
    [{}, "missing_required_field", "name"],
    [{ name: "" }, "invalid_field_value", "name"],
    [{ name: "a".repeat(101) }, "invalid_field_value", "name"],
    [{ name: "a", agentWritable: "yes" }, "invalid_field_value", "agentWritable"],
    [{ name: "a", metadata: { b: [] } }, "invalid_field_value", "metadata.b"],
  ])("are refused with fields like %j", async (body, code, param) => {
    expect(errorOf(await native.api.post("/v1/memory-stores", body), 400)).toMatchObject({ code, param });
  });
});

describe("entries", () => {
  it("are added with 201, and replaced by key with 200", async () => {
    const store = await createStore();
    const first = bodyOf(
      await native.api.post(store.entries, { content: "Tea.", key: "drink" }),
      201,
      memoryEntrySchema,
    );
    expect(first).toMatchObject({
      id: expect.stringMatching(/^ment_/),
      storeId: store.id,
      key: "drink",
      content: "Tea.",
    });
    const second = bodyOf(
      await native.api.post(store.entries, { content: "Coffee.", key: "drink" }),
      200,
      memoryEntrySchema,
    );
    expect(second).toMatchObject({ id: first.id, content: "Coffee." });
    await native.api.post(store.entries, { content: "No key." });
    expect(bodyOf(await native.api.get(store.path), 200, memoryStoreSchema).entryCount).toBe(2);
    const byKey = bodyOf(await native.api.get(`${store.entries}?key=drink`), 200, page);
    expect(byKey.data.map(({ content }) => content)).toEqual(["Coffee."]);
  });

  it("are found by their words, best first", async () => {
    const store = await createStore();
    for (const content of ["The heron eats fish.", "Fish swim.", "Heron, heron: a fish eater.", "Nothing here."]) {
      await native.api.post(store.entries, { content });
    }
    const found = bodyOf(await native.api.get(`${store.entries}?query=${encodeURIComponent("heron")}`), 200, page);
    expect(found.data).toHaveLength(2);
    expect(found.hasMore).toBe(false);
    const scores = found.data.map(({ score }) => score ?? Number.NaN);
    expect(scores).toEqual(scores.toSorted((left, right) => right - left));
    for (const query of ['"', "AND", "a* NEAR(b)", "'; drop table", "-", ":*"]) {
      bodyOf(await native.api.get(`${store.entries}?query=${encodeURIComponent(query)}`), 200, page);
    }
    expect(bodyOf(await native.api.get(`${store.entries}?query=fish&limit=1`), 200, page).data).toHaveLength(1);
  });

  it("are read, changed and deleted one by one", async () => {
    const store = await createStore();
    const { id } = bodyOf(await native.api.post(store.entries, { content: "a" }), 201, memoryEntrySchema);
    const path = `${store.entries}/${id}`;
    const changed = bodyOf(await native.api.patch(path, { content: "b", key: "k" }), 200, memoryEntrySchema);
    expect(changed).toMatchObject({ content: "b", key: "k" });
    expect(bodyOf(await native.api.patch(path, { key: null }), 200, memoryEntrySchema).key).toBeNull();
    expect((await native.api.delete(path)).body).toEqual({ id, deleted: true });
    expect(errorOf(await native.api.get(path), 404).code).toBe("memory_entry_not_found");
  });

  it("keep their keys apart", async () => {
    const store = await createStore();
    await native.api.post(store.entries, { content: "a", key: "one" });
    const { id } = bodyOf(await native.api.post(store.entries, { content: "b", key: "two" }), 201, memoryEntrySchema);
    const answer = await native.api.patch(`${store.entries}/${id}`, { key: "one" });
    expect(errorOf(answer, 422)).toMatchObject({ type: "validation_error", param: "key" });
  });

  it.each([
    [{}, "missing_required_field", "content"],
    [{ content: "" }, "invalid_field_value", "content"],
    [{ content: "a".repeat(8001) }, "invalid_field_value", "content"],
    [{ content: "a", key: "" }, "invalid_field_value", "key"],
  ])("are refused with fields like %#", async (body, code, param) => {
    const store = await createStore();
    expect(errorOf(await native.api.post(store.entries, body), 400)).toMatchObject({ code, param });
  });

  it("are not another organization's", async () => {
    const store = await createStore();
    const { id } = bodyOf(await native.api.post(store.entries, { content: "mine" }), 201, memoryEntrySchema);
    const stranger = await native.stranger();
    for (const answer of [
      await stranger.get(store.path),
      await stranger.patch(store.path, { name: "x" }),
      await stranger.delete(store.path),
      await stranger.get(`${store.entries}?query=mine`),
      await stranger.post(store.entries, { content: "x" }),
      await stranger.get(`${store.entries}/${id}`),
      await stranger.patch(`${store.entries}/${id}`, { content: "x" }),
      await stranger.delete(`${store.entries}/${id}`),
    ]) {
      expect(errorOf(answer, 404).code).toBe("memory_store_not_found");
    }
    const other = await createStore();
    expect(errorOf(await native.api.get(`${other.entries}/${id}`), 404).code).toBe("memory_entry_not_found");
  });
});

describe("an agent with a store", () => {
  it("is shown what fits the input", async () => {
    const store = await createStore();
    await native.api.post(store.entries, { content: "The heron is called Ada." });
    const agent = await createAgent(native.api);
    native.platform.model.requests.length = 0;
    await execute(native.api, agent.id, "Who is the heron?", { memoryStores: [store.id] });
    expect(JSON.stringify(native.platform.model.requests[0])).toContain("called Ada");
  });
});

describe("a model that says NUL characters", () => {
  it("is told that memory does not keep them", async () => {
    const store = await createStore();
    const agent = await createAgent(native.api);
    const fields = { memoryStores: [store.id] };
    const { toolCalls, output } = await execute(
      native.api,
      agent.id,
      'call memory_write {"content": "a\\u0000b"}',
      fields,
    );
    expect(toolCalls).toMatchObject([{ result: null, error: { message: expect.stringContaining("NUL") } }]);
    expect(output).toContain("NUL");
    expect(bodyOf(await native.api.get(store.path), 200, memoryStoreSchema).entryCount).toBe(0);
  });

  it("can sum up a conversation all the same", async () => {
    const agent = await createAgent(native.api, { memory: { enabled: true, maxTurns: 1, summarize: true } });
    native.platform.model.script(() => [{ type: "text", text: "a\0b" }]);
    const { conversationId, output } = await execute(native.api, agent.id, "first");
    expect(output).toBe("a\0b");
    const second = await execute(native.api, agent.id, "second", { conversationId });
    native.platform.model.script();
    expect(second).toMatchObject({ status: "completed", output: "a\0b" });
  });
});
