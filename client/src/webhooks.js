import { walkPages } from "./walk-pages.js";
export class Webhooks {
    #transport;
    constructor(transport) {
        this.#transport = transport;
    }
    /** The answer is the only place where the signing secret is ever shown. */
    create(webhook) {
        return this.#transport.json({ method: "POST", path: "/v1/webhooks", body: webhook });
    }
    list(query = {}) {
        return this.#transport.json({ method: "GET", path: "/v1/webhooks", query: { ...query } });
    }
    listAll(query = {}) {
        return walkPages((at) => this.list(at), query);
    }
    get(webhookId) {
        return this.#transport.json({ method: "GET", path: webhookPath(webhookId) });
    }
    update(webhookId, change) {
        return this.#transport.json({ method: "PATCH", path: webhookPath(webhookId), body: change });
    }
    delete(webhookId) {
        return this.#transport.json({ method: "DELETE", path: webhookPath(webhookId) });
    }
}
function webhookPath(webhookId) {
    return `/v1/webhooks/${encodeURIComponent(webhookId)}`;
}
//# sourceMappingURL=webhooks.js.map