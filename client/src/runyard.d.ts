import { Agents } from "./agents.ts";
import { Conversations } from "./conversations.ts";
import { Executions } from "./executions.ts";
import { Files } from "./files.ts";
import { Keys } from "./keys.ts";
import { MemoryStores } from "./memory-stores.ts";
import { Organizations } from "./organizations.ts";
import { type ClientOptions } from "./transport.ts";
import type { UsageQuery, UsageReport } from "./types.ts";
import { Webhooks } from "./webhooks.ts";
/**
 * A client of one Runyard server.
 *
 * ```ts
 * const runyard = new Runyard({ url: "http://127.0.0.1:8787", apiKey });
 * for await (const event of runyard.agents.execute(agentId, { input: "Hello", stream: true })) …
 * ```
 */
export declare class Runyard {
    #private;
    readonly agents: Agents;
    readonly executions: Executions;
    readonly conversations: Conversations;
    readonly memoryStores: MemoryStores;
    readonly keys: Keys;
    readonly webhooks: Webhooks;
    readonly files: Files;
    readonly organizations: Organizations;
    constructor(options: ClientOptions);
    /** Executions, tokens and cost of the key's organization, in groups. */
    usage(query?: UsageQuery): Promise<UsageReport>;
    /** Whether the server takes work; false while it starts or drains. @throws ConnectionError when nothing answers */
    isReady(): Promise<boolean>;
}
