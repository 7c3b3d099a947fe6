import { spellId } from "../../../contract/ids.ts";
import type { MemoryEntry, MemoryStore } from "../../../contract/memory.ts";
import type { WireMemoryEntry, WireMemoryStore } from "./schemas/memory.ts";
import { renderTime } from "./time.ts";

export function renderMemoryStore(store: MemoryStore): WireMemoryStore {
  return {
    id: spellId("memoryStore", store.id),
    name: store.name,
    description: store.description,
    agentWritable: store.agentWritable,
    entryCount: store.entryCount,
    metadata: store.metadata,
    createdAt: renderTime(store.createdAt),
    updatedAt: renderTime(store.updatedAt),
  };
}

export function renderMemoryEntry(entry: MemoryEntry): WireMemoryEntry {
  return {
    id: spellId("memoryEntry", entry.id),
    storeId: spellId("memoryStore", entry.storeId),
    key: entry.key,
    content: entry.content,
    metadata: entry.metadata,
    ...(entry.sourceExecutionId !== undefined && {
      sourceExecutionId: spellId("execution", entry.sourceExecutionId),
    }),
    ...(entry.score !== undefined && { score: entry.score }),
    createdAt: renderTime(entry.createdAt),
    updatedAt: renderTime(entry.updatedAt),
  };
}
