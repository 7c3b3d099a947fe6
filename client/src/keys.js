import { walkPages } from "./walk-pages.js";
export class Keys {
    #transport;
    constructor(transport) {
        this.#transport = transport;
    }
    /** The answer is the only place where the key's full text is ever shown. */
    create(key) {
        return this.#transport.json({ method: "POST", path: "/v1/keys", body: key });
    }
    list(query = {}) {
        return this.#transport.json({ method: "GET", path: "/v1/keys", query: { ...query } });
    }
    listAll(query = {}) {
        return walkPages((at) => this.list(at), query);
    }
    revoke(keyId) {
        return this.#transport.json({ method: "DELETE", path: `/v1/keys/${encodeURIComponent(keyId)}` });
    }
}
//# sourceMappingURL=keys.js.map