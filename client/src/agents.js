import { ExecutionStream } from "./execution-stream.js";
import { walkPages } from "./walk-pages.js";
export class Agents {
    #transport;
    constructor(transport) {
        this.#transport = transport;
    }
    create(agent) {
        return this.#transport.json({ method: "POST", path: "/v1/agents", body: agent });
    }
    list(query = {}) {
        return this.#transport.json({ method: "GET", path: "/v1/agents", query: { ...query } });
    }
    listAll(query = {}) {
        return walkPages((at) => this.list(at), query);
    }
    get(agentId) {
        return this.#transport.json({ method: "GET", path: agentPath(agentId) });
    }
    /** Only the fields sent change; each change is a new version. */
    update(agentId, change) {
        return this.#transport.json({ method: "PATCH", path: agentPath(agentId), body: change });
    }
    delete(agentId) {
        return this.#transport.json({ method: "DELETE", path: agentPath(agentId) });
    }
    versions(agentId, query = {}) {
        return this.#transport.json({ method: "GET", path: `${agentPath(agentId)}/versions`, query: { ...query } });
    }
    /** Makes a new version with the definition of an older one; without a number, of the one before the current. */
    rollback(agentId, version) {
        return this.#transport.json({
            method: "POST",
            path: `${agentPath(agentId)}/rollback`,
            body: version === undefined ? {} : { version },
        });
    }
    /** The secret that signs this agent's calls to its tool handlers. */
    toolSecret(agentId) {
        return this.#transport.json({ method: "GET", path: `${agentPath(agentId)}/tool-secret` });
    }
    execute(agentId, request, options = {}) {
        const call = { method: "POST", path: `${agentPath(agentId)}/execute`, body: request };
        if (request.stream === true)
            return new ExecutionStream(this.#transport, call, {}, options);
        return this.#transport.json({ ...call, ...(options.signal === undefined ? {} : { signal: options.signal }) });
    }
    /** Starts an execution and answers with it as soon as it is durable. */
    start(agentId, request) {
        return this.#transport.json({
            method: "POST",
            path: `${agentPath(agentId)}/execute`,
            body: request,
            headers: { Prefer: "respond-async" },
        });
    }
}
function agentPath(agentId) {
    return `/v1/agents/${encodeURIComponent(agentId)}`;
}
//# sourceMappingURL=agents.js.map