import { Agents } from "./agents.ts";
import { ApiError } from "./errors.ts";
import { Conversations } from "./conversations.ts";
import { Executions } from "./executions.ts";
import { Files } from "./files.ts";
import { Keys } from "./keys.ts";
import { MemoryStores } from "./memory-stores.ts";
import { Organizations } from "./organizations.ts";
import { type ClientOptions, Transport } from "./transport.ts";
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
export class Runyard {
  readonly agents: Agents;
  readonly executions: Executions;
  readonly conversations: Conversations;
  readonly memoryStores: MemoryStores;
  readonly keys: Keys;
  readonly webhooks: Webhooks;
  readonly files: Files;
  readonly organizations: Organizations;
  readonly #transport: Transport;

  constructor(options: ClientOptions) {
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
  usage(query: UsageQuery = {}): Promise<UsageReport> {
    return this.#transport.json({ method: "GET", path: "/v1/usage", query: { ...query } });
  }

  /** Whether the server takes work; false while it starts or drains. @throws ConnectionError when nothing answers */
  async isReady(): Promise<boolean> {
    try {
      await this.#transport.send({ method: "GET", path: "/readyz" });
      return true;
    } catch (error) {
      if (error instanceof ApiError && error.status === 503) return false;
      throw error;
    }
  }
}
