import { sql } from "kysely";
import type { Id } from "../contract/ids.ts";
import { type Json, jsonObjectSchema, type JsonObject } from "../contract/json.ts";
import { type Webhook, webhookEventTypeSchema } from "../contract/webhook.ts";
import type { Engine } from "../engine/engine.ts";
import type { Database } from "../store/database.ts";
import { prepared } from "../store/prepared.ts";
import { type Row, type Statement, UnitRejected } from "../store/statement.ts";
import { callbackProgram, callbackType } from "./completion-callback.ts";
import { deriveId } from "./derive-id.ts";
import { Lookout } from "./lookout.ts";
import { readWebhook } from "./webhook-row.ts";

const batchSize = 100;

const endTypes: ReadonlySet<string> = new Set(["execution.completed", "execution.failed", "execution.cancelled"]);

/** The program that the relay starts, once for each row and webhook; its input is `{ webhookId, event: WebhookEvent }`. */
export const deliveryProgram = "webhook-delivery";

export interface RelayOptions {
  database: Database;
  engine: Pick<Engine, "start">;
  now: () => number;
  /** The relay could not read or write; it tries again by itself. */
  onFailed?: (error: unknown) => void;
}

/**
 * Turns outbox rows into deliveries: for each row one execution of the delivery program for each webhook that asked for
 * it, then the row goes. The last start and the row's removal are one transaction. After a crash a row may be taken
 * again; executions have ids derived from row and webhook, so none is started twice.
 *
 * Call `wake` at the start and after every commit that may have filled the outbox.
 */
export class OutboxRelay implements AsyncDisposable {
  readonly #options: RelayOptions;
  readonly #queries: ReturnType<typeof relayQueries>;
  readonly #lookout: Lookout;

  constructor(options: RelayOptions) {
    this.#options = options;
    this.#queries = relayQueries(options.database);
    const { onFailed = () => {} } = options;
    this.#lookout = new Lookout({ look: (signal) => this.#relayAll(signal), onFailed });
  }

  /** Looks at the outbox soon. Calls while a look is under way come to one more look. */
  wake(): void {
    this.#lookout.wake();
  }

  /** Resolves when everything that was in the outbox at the call has been taken. */
  settled(): Promise<void> {
    return this.#lookout.settled();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#lookout[Symbol.asyncDispose]();
  }

  async #relayAll(signal: AbortSignal): Promise<undefined> {
    while (!signal.aborted) {
      const rows = await this.#options.database.read(this.#queries.oldest({ limit: batchSize }));
      const outcomes = await Promise.allSettled(rows.map((row) => this.#relay(row)));
      const failed = outcomes.find((outcome) => outcome.status === "rejected");
      if (failed !== undefined) throw failed.reason;
      if (rows.length < batchSize) return;
    }
  }

  async #relay(row: Row): Promise<void> {
    const { database, engine } = this.#options;
    const id = row["id"] as Id;
    const organizationId = row["organization_id"] as Id;
    const remove = this.#queries.remove({ id });
    if (row["type"] === callbackType) {
      await this.#start({ id: deriveId(id, callbackProgram), organizationId, program: callbackProgram, row, remove });
      return;
    }
    const webhooks = await this.#listeners(row);
    const last = webhooks.at(-1);
    if (last === undefined) {
      await database.write([remove]);
      return;
    }
    const event: Json = {
      id,
      type: row["type"] as string,
      data: await this.#describe(row),
      createdAt: row["created_at"] as number,
    };
    for (const webhook of webhooks) {
      const before: Statement[] = webhook === last ? [remove] : [];
      try {
        await engine.start({
          id: deriveId(id, "webhook-delivery", webhook.id),
          organizationId,
          program: deliveryProgram,
          input: { webhookId: webhook.id, event },
          before,
        });
      } catch (error) {
        // Started already, before a crash.
        if (!(error instanceof UnitRejected) || error.failure !== "unique") throw error;
        if (webhook === last) await database.write([remove]);
      }
    }
  }

  /** Starts a program with the row's facts, and the row goes in the same commit. */
  async #start(wanted: { id: Id; organizationId: Id; program: string; row: Row; remove: Statement }): Promise<void> {
    const { row, remove, ...request } = wanted;
    const input = jsonObjectSchema.parse(JSON.parse(row["data"] as string));
    try {
      await this.#options.engine.start({ ...request, input, before: [remove] });
    } catch (error) {
      // Started already, before a crash.
      if (!(error instanceof UnitRejected) || error.failure !== "unique") throw error;
      await this.#options.database.write([remove]);
    }
  }

  /** Active webhooks that asked for the event and were there when it happened. */
  async #listeners(row: Row): Promise<Webhook[]> {
    const type = webhookEventTypeSchema.safeParse(row["type"]);
    if (!type.success) return [];
    const rows = await this.#options.database.read(
      this.#queries.webhooks({ organizationId: row["organization_id"] as Id, at: row["created_at"] as number }),
    );
    return rows
      .map(readWebhook)
      .filter(
        ({ events, agentId }) =>
          events.includes(type.data) &&
          (agentId === undefined || row["agent_id"] === null || agentId === row["agent_id"]),
      );
  }

  /** The row's facts, and for an execution what its row says now; of one that has ended that changes no more. */
  async #describe(row: Row): Promise<JsonObject> {
    const data = jsonObjectSchema.parse(JSON.parse(row["data"] as string));
    const { executionId } = data;
    if (typeof executionId !== "string") return data;
    const [execution] = await this.#options.database.read(
      this.#queries.execution({ id: executionId, organizationId: row["organization_id"] as Id }),
    );
    if (execution === undefined) return data;
    const metadata = jsonObjectSchema.parse(JSON.parse(execution["metadata"] as string));
    const finishedAt = execution["finished_at"];
    if (typeof finishedAt !== "number" || !endTypes.has(String(row["type"]))) return { ...data, metadata };
    return {
      ...data,
      metadata,
      status: execution["status"] as string,
      totalTokens: (execution["input_tokens"] as number) + (execution["output_tokens"] as number),
      durationMs: finishedAt - (execution["created_at"] as number),
    };
  }
}

function relayQueries({ builder }: Database) {
  return {
    oldest: prepared<{ limit: number }>((p) => builder.selectFrom("outbox").selectAll().orderBy("id").limit(p.limit)),
    remove: prepared<{ id: Id }>((p) => builder.deleteFrom("outbox").where("id", "=", p.id)),
    webhooks: prepared<{ organizationId: Id; at: number }>((p) =>
      builder
        .selectFrom("webhook")
        .selectAll()
        .where("organization_id", "=", p.organizationId)
        .where("status", "=", sql<string>`'active'`)
        .where("created_at", "<=", p.at)
        .orderBy("id"),
    ),
    execution: prepared<{ id: Id; organizationId: Id }>((p) =>
      builder
        .selectFrom("execution")
        .select(["status", "metadata", "created_at", "finished_at", "input_tokens", "output_tokens"])
        .where("id", "=", p.id)
        .where("organization_id", "=", p.organizationId),
    ),
  };
}
