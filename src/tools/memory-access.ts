import type { Id } from "../contract/ids.ts";
import type { MemoryEntry } from "../contract/memory.ts";

/** What the memory tools need of the memory stores; the platform passes it in. */
export interface MemoryAccess {
  /** The best entries for the query, best first. */
  search(store: MemoryStoreRef, query: string, limit: number): Promise<MemoryEntry[]>;
  /** Adds an entry, or replaces the one of the same key. Called twice with the same `callId` it leaves one entry. */
  write(store: MemoryStoreRef, entry: NewMemoryEntry): Promise<MemoryEntry>;
  /** @returns whether there was such an entry */
  delete(store: MemoryStoreRef, entryId: Id): Promise<boolean>;
}

export interface MemoryStoreRef {
  organizationId: Id;
  storeId: Id;
}

export interface NewMemoryEntry {
  key: string | undefined;
  content: string;
  sourceExecutionId: Id;
  /** The tool call that writes, stable over restarts. */
  callId: string;
}

/** A store that an execution was started with. */
export interface AttachedStore {
  id: Id;
  name: string;
  description: string;
  writable: boolean;
}
