import { readId, spellId } from "../contract/ids.ts";
import type { Json, JsonObject } from "../contract/json.ts";
import type { MemoryEntry } from "../contract/memory.ts";
import type { AttachedStore, MemoryAccess, MemoryStoreRef } from "./memory-access.ts";
import { type ToolContext, toolFailure, type ToolWork } from "./tool.ts";

/**
 * The tools over the stores that are attached to an execution: searching in all of them, writing and deleting where the
 * agent may. No store, no tools. A model names a store by its name, or by its id where names are not unique.
 */
export function createMemoryTools(stores: readonly AttachedStore[], memory: MemoryAccess): ToolWork[] {
  const writable = stores.filter((store) => store.writable);
  return [
    ...(stores.length > 0 ? [searchTool(nameStores(stores), memory)] : []),
    ...(writable.length > 0 ? [writeTool(nameStores(writable), memory), deleteTool(nameStores(writable), memory)] : []),
  ];
}

type NamedStores = ReadonlyMap<string, AttachedStore>;

function nameStores(stores: readonly AttachedStore[]): NamedStores {
  const unique = new Set(stores.map(({ name }) => name)).size === stores.length;
  return new Map(stores.map((store) => [unique ? store.name : spellId("memoryStore", store.id), store]));
}

function searchTool(stores: NamedStores, memory: MemoryAccess): ToolWork {
  return {
    name: "memory_search",
    description: `Searches persistent memory by words. Stores:\n${storeList(stores)}`,
    parameters: {
      type: "object",
      properties: {
        store: storeParameter(stores),
        query: { type: "string", minLength: 1, maxLength: 1000 },
        limit: { type: "integer", minimum: 1, maximum: 20, description: "Default 5" },
      },
      required: ["query", ...requiredStore(stores)],
      additionalProperties: false,
    },
    effect: "safe",
    async run(input, context) {
      const limit = typeof input["limit"] === "number" ? input["limit"] : 5;
      const entries = await memory.search(chosenStore(stores, input, context), String(input["query"]), limit);
      return { output: { entries: entries.slice(0, limit).map(showEntry) } };
    },
  };
}

function writeTool(stores: NamedStores, memory: MemoryAccess): ToolWork {
  return {
    name: "memory_write",
    description: `Keeps something in persistent memory. An entry with the same key is replaced. Stores:\n${storeList(stores)}`,
    parameters: {
      type: "object",
      properties: {
        store: storeParameter(stores),
        key: { type: "string", minLength: 1, maxLength: 200, description: "Name under which to find and replace it" },
        content: { type: "string", minLength: 1, maxLength: 8000 },
      },
      required: ["content", ...requiredStore(stores)],
      additionalProperties: false,
    },
    effect: "idempotent",
    async run(input, context) {
      const entry = await memory.write(chosenStore(stores, input, context), {
        key: typeof input["key"] === "string" ? input["key"] : undefined,
        content: String(input["content"]),
        sourceExecutionId: context.executionId,
        callId: context.callId,
      });
      return { output: { id: spellId("memoryEntry", entry.id), key: entry.key } };
    },
  };
}

function deleteTool(stores: NamedStores, memory: MemoryAccess): ToolWork {
  return {
    name: "memory_delete",
    description: `Deletes an entry of persistent memory by the id that memory_search gives. Stores:\n${storeList(stores)}`,
    parameters: {
      type: "object",
      properties: { store: storeParameter(stores), id: { type: "string", maxLength: 100 } },
      required: ["id", ...requiredStore(stores)],
      additionalProperties: false,
    },
    effect: "idempotent",
    async run(input, context) {
      const spelled = String(input["id"]);
      const id = readId("memoryEntry", spelled);
      if (id === undefined)
        return toolFailure(`Expected the id of an entry as memory_search gives it, came ${spelled}.`);
      const deleted = await memory.delete(chosenStore(stores, input, context), id);
      return { output: { id: spelled, deleted } };
    },
  };
}

function storeParameter(stores: NamedStores): JsonObject {
  return { enum: [...stores.keys()], description: "Which store" };
}

/** With a single store the model need not name it. */
function requiredStore(stores: NamedStores): string[] {
  return stores.size > 1 ? ["store"] : [];
}

function storeList(stores: NamedStores): string {
  return [...stores]
    .map(([name, { description }]) => (description === "" ? `- ${name}` : `- ${name}: ${description}`))
    .join("\n");
}

function chosenStore(stores: NamedStores, input: JsonObject, { organizationId }: ToolContext): MemoryStoreRef {
  const [only] = stores.values();
  const named = stores.get(String(input["store"]));
  const store = named ?? only;
  if (store === undefined) throw new Error("a memory tool has no store");
  return { organizationId, storeId: store.id };
}

function showEntry({ id, key, content, score }: MemoryEntry): Json {
  return {
    id: spellId("memoryEntry", id),
    ...(key === null ? {} : { key }),
    content,
    ...(score === undefined ? {} : { score }),
  };
}
