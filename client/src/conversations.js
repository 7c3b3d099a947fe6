import { walkPages } from "./walk-pages.js";
export class Conversations {
    #transport;
    constructor(transport) {
        this.#transport = transport;
    }
    list(query = {}) {
        return this.#transport.json({ method: "GET", path: "/v1/conversations", query: { ...query } });
    }
    listAll(query = {}) {
        return walkPages((at) => this.list(at), query);
    }
    get(conversationId) {
        return this.#transport.json({ method: "GET", path: conversationPath(conversationId) });
    }
    /** Removes its turns for good; cancels its running executions first. */
    delete(conversationId) {
        return this.#transport.json({ method: "DELETE", path: conversationPath(conversationId) });
    }
}
function conversationPath(conversationId) {
    return `/v1/conversations/${encodeURIComponent(conversationId)}`;
}
//# sourceMappingURL=conversations.js.map