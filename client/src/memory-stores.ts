import { idSegment } from "./id-segment.ts";
import type { Transport } from "./transport.ts";
import type {
  Deleted,
  MemoryEntry,
  MemoryEntryChange,
  MemoryEntryFields,
  MemoryStore,
  MemoryStoreChange,
  MemoryStoreFields,
  Page,
  PageQuery,
} from "./types.ts";

export interface MemoryEntryQuery extends PageQuery {
  /** Full-text search, best first; then there is one page only. */
  query?: string;
  key?: string;
}

export class MemoryStores {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  create(store: MemoryStoreFields): Promise<MemoryStore> {
    return this.#transport.json({ method: "POST", path: "/v1/memory-stores", body: store });
  }

  list(query: PageQuery = {}): Promise<Page<MemoryStore>> {
    return this.#transport.json({ method: "GET", path: "/v1/memory-stores", query: { ...query } });
  }

  get(storeId: string): Promise<MemoryStore> {
    return this.#transport.json({ method: "GET", path: storePath(storeId) });
  }

  update(storeId: string, change: MemoryStoreChange): Promise<MemoryStore> {
    return this.#transport.json({ method: "PATCH", path: storePath(storeId), body: change });
  }

  delete(storeId: string): Promise<Deleted> {
    return this.#transport.json({ method: "DELETE", path: storePath(storeId) });
  }

  /** Adds an entry, or replaces the one of the same key. */
  putEntry(storeId: string, entry: MemoryEntryFields): Promise<MemoryEntry> {
    return this.#transport.json({ method: "POST", path: `${storePath(storeId)}/entries`, body: entry });
  }

  listEntries(storeId: string, query: MemoryEntryQuery = {}): Promise<Page<MemoryEntry>> {
    return this.#transport.json({ method: "GET", path: `${storePath(storeId)}/entries`, query: { ...query } });
  }

  getEntry(storeId: string, entryId: string): Promise<MemoryEntry> {
    return this.#transport.json({ method: "GET", path: entryPath(storeId, entryId) });
  }

  updateEntry(storeId: string, entryId: string, change: MemoryEntryChange): Promise<MemoryEntry> {
    return this.#transport.json({ method: "PATCH", path: entryPath(storeId, entryId), body: change });
  }

  deleteEntry(storeId: string, entryId: string): Promise<Deleted> {
    return this.#transport.json({ method: "DELETE", path: entryPath(storeId, entryId) });
  }
}

function storePath(storeId: string): string {
  return `/v1/memory-stores/${idSegment(storeId)}`;
}

function entryPath(storeId: string, entryId: string): string {
  return `${storePath(storeId)}/entries/${idSegment(entryId)}`;
}
