import { Agents } from "./agents.js";
import { ApiError } from "./errors.js";
import { Conversations } from "./conversations.js";
import { Executions } from "./executions.js";
import { Files } from "./files.js";
import { Keys } from "./keys.js";
import { MemoryStores } from "./memory-stores.js";
import { Organizations } from "./organizations.js";
import { Transport } from "./transport.js";
import { Webhooks } from "./webhooks.js";
/**
 * A client of one Runyard server.
 *
 * ```ts
 * const runyard = new Runyard({ url: "http://127.0.0.1:8787", apiKey });
 * for await (const event of runyard.agents.execute(agentId, { input: "Hello", stream: true })) …
 * ```
 */
export class Runyard {
    agents;
    executions;
    conversations;
    memoryStores;
    keys;
    webhooks;
    files;
    organizations;
    #transport;
    constructor(options) {
        const transport = new Transport(options);
        this.#transport = transport;
        this.agents = new Agents(transport);
        this.executions = new Executions(transport);
        this.conversations = new Conversations(transport);
        this.memoryStores = new MemoryStores(transport);
        this.keys = new Keys(transport);
        this.webhooks = new Webhooks(transport);
        this.files = new Files(transport);
        this.organizations = new Organizations(transport);
    }
    /** Executions, tokens and cost of the key's organization, in groups. */
    usage(query = {}) {
        return this.#transport.json({ method: "GET", path: "/v1/usage", query: { ...query } });
    }
    /** Whether the server takes work; false while it starts or drains. @throws ConnectionError when nothing answers */
    async isReady() {
        try {
            await this.#transport.send({ method: "GET", path: "/readyz" });
            return true;
        }
        catch (error) {
            if (error instanceof ApiError && error.status === 503)
                return false;
            throw error;
        }
    }
}
//# sourceMappingURL=runyard.js.map