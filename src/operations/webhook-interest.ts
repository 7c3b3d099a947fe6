import type { Id } from "../contract/ids.ts";
import type { Database } from "../store/database.ts";
import { prepared } from "../store/prepared.ts";
import { perDatabase } from "./per-database.ts";

const maxKnown = 10_000;

/**
 * Knows which organizations have no webhook at all (or no callback that is still to be made), so that their executions
 * need not offer their events to the outbox. What is not known counts as interested: then the outbox statement itself
 * finds nobody. One process works on a database, so a webhook made here is all there is to hear of.
 */
class WebhookInterest {
  readonly #database: Database;
  readonly #anyRow;
  readonly #known = new Map<Id, boolean>();
  /** Raised by each change, so that an answer that was under way meanwhile is not believed. */
  #changes = 0;

  constructor(database: Database, table: "webhook" | "completion_callback") {
    this.#database = database;
    this.#anyRow = prepared<{ organizationId: Id }>((p) =>
      database.builder
        .selectFrom(table)
        .select("organization_id")
        .where("organization_id", "=", p.organizationId)
        .limit(1),
    );
  }

  isPossible(organizationId: Id): boolean {
    const known = this.#known.get(organizationId);
    if (known === undefined) void this.#look(organizationId);
    return known ?? true;
  }

  /** To be called before a row is stored, and once it is. */
  changed(organizationId: Id): void {
    this.#changes += 1;
    this.#known.delete(organizationId);
  }

  async #look(organizationId: Id): Promise<void> {
    const changes = this.#changes;
    try {
      const rows = await this.#database.read(this.#anyRow({ organizationId }));
      if (changes !== this.#changes) return;
      if (this.#known.size >= maxKnown) this.#known.clear();
      this.#known.set(organizationId, rows.length > 0);
    } catch {
      // The database is away; the next event asks again.
    }
  }
}

export const webhookInterest = perDatabase((database) => new WebhookInterest(database, "webhook"));
export const callbackInterest = perDatabase((database) => new WebhookInterest(database, "completion_callback"));
