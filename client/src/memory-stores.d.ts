import type { Transport } from "./transport.ts";
import type { Deleted, MemoryEntry, MemoryEntryChange, MemoryEntryFields, MemoryStore, MemoryStoreChange, MemoryStoreFields, Page, PageQuery } from "./types.ts";
export interface MemoryEntryQuery extends PageQuery {
    /** Full-text search, best first; then there is one page only. */
    query?: string;
    key?: string;
}
export declare class MemoryStores {
    #private;
    constructor(transport: Transport);
    create(store: MemoryStoreFields): Promise<MemoryStore>;
    list(query?: PageQuery): Promise<Page<MemoryStore>>;
    get(storeId: string): Promise<MemoryStore>;
    update(storeId: string, change: MemoryStoreChange): Promise<MemoryStore>;
    delete(storeId: string): Promise<Deleted>;
    /** Adds an entry, or replaces the one of the same key. */
    putEntry(storeId: string, entry: MemoryEntryFields): Promise<MemoryEntry>;
    listEntries(storeId: string, query?: MemoryEntryQuery): Promise<Page<MemoryEntry>>;
    getEntry(storeId: string, entryId: string): Promise<MemoryEntry>;
    updateEntry(storeId: string, entryId: string, change: MemoryEntryChange): Promise<MemoryEntry>;
    deleteEntry(storeId: string, entryId: string): Promise<Deleted>;
}
