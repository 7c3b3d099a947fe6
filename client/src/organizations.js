import { walkPages } from "./walk-pages.js";
/** Needs the scope `organizations:manage`, which only the server's first key has. */
export class Organizations {
    #transport;
    constructor(transport) {
        this.#transport = transport;
    }
    create(organization) {
        return this.#transport.json({ method: "POST", path: "/v1/organizations", body: organization });
    }
    list(query = {}) {
        return this.#transport.json({ method: "GET", path: "/v1/organizations", query: { ...query } });
    }
    listAll(query = {}) {
        return walkPages((at) => this.list(at), query);
    }
    get(organizationId) {
        return this.#transport.json({ method: "GET", path: organizationPath(organizationId) });
    }
    update(organizationId, change) {
        return this.#transport.json({ method: "PATCH", path: organizationPath(organizationId), body: change });
    }
}
function organizationPath(organizationId) {
    return `/v1/organizations/${encodeURIComponent(organizationId)}`;
}
//# sourceMappingURL=organizations.js.map