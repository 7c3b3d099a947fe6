export class MemoryStores {
    #transport;
    constructor(transport) {
        this.#transport = transport;
    }
    create(store) {
        return this.#transport.json({ method: "POST", path: "/v1/memory-stores", body: store });
    }
    list(query = {}) {
        return this.#transport.json({ method: "GET", path: "/v1/memory-stores", query: { ...query } });
    }
    get(storeId) {
        return this.#transport.json({ method: "GET", path: storePath(storeId) });
    }
    update(storeId, change) {
        return this.#transport.json({ method: "PATCH", path: storePath(storeId), body: change });
    }
    delete(storeId) {
        return this.#transport.json({ method: "DELETE", path: storePath(storeId) });
    }
    /** Adds an entry, or replaces the one of the same key. */
    putEntry(storeId, entry) {
        return this.#transport.json({ method: "POST", path: `${storePath(storeId)}/entries`, body: entry });
    }
    listEntries(storeId, query = {}) {
        return this.#transport.json({ method: "GET", path: `${storePath(storeId)}/entries`, query: { ...query } });
    }
    getEntry(storeId, entryId) {
        return this.#transport.json({ method: "GET", path: entryPath(storeId, entryId) });
    }
    updateEntry(storeId, entryId, change) {
        return this.#transport.json({ method: "PATCH", path: entryPath(storeId, entryId), body: change });
    }
    deleteEntry(storeId, entryId) {
        return this.#transport.json({ method: "DELETE", path: entryPath(storeId, entryId) });
    }
}
function storePath(storeId) {
    return `/v1/memory-stores/${encodeURIComponent(storeId)}`;
}
function entryPath(storeId, entryId) {
    return `${storePath(storeId)}/entries/${encodeURIComponent(entryId)}`;
}
//# sourceMappingURL=memory-stores.js.map