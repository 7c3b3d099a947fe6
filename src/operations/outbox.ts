import { sql } from "kysely";
import { type Id, newId } from "../contract/ids.ts";
import type { JsonObject } from "../contract/json.ts";
import type { WebhookEventType } from "../contract/webhook.ts";
import type { Database } from "../store/database.ts";
import { prepared } from "../store/prepared.ts";
import type { Statement } from "../store/statement.ts";
import { perDatabase } from "./per-database.ts";

/**
 * Something that webhooks may have asked for. `data` holds facts with ids as they are stored; the API dialect that
 * renders the delivery spells them. By type:
 *
 * - `execution.*`: `executionId`, `agentId`, `conversationId`; of a completed one `output`, of a failed one `error`
 *   (`code`, `message`). Metadata, status, usage and duration are added from the execution when the row is relayed.
 * - `tool.called`, `tool.error`: the same three ids, `toolCallId`, `toolName`; of an error `error`.
 * - `agent.*`: `agentId`, `name`.
 * - `key.*`: `keyId`, `name`.
 */
export interface OutboxEntry {
  organizationId: Id;
  type: WebhookEventType;
  /** Webhooks of another agent do not get it; null: it is about no agent, and all get it. */
  agentId: Id | null;
  data: JsonObject;
  at: number;
}

/**
 * The statement that puts an entry into the outbox, for the transaction in which the thing happens. It adds a row only
 * where an active webhook of the organization asks for it, so that without webhooks there is nothing to relay.
 */
export function outboxStatement(database: Database, entry: OutboxEntry): Statement {
  return insertEntry(database)({
    id: newId(),
    organizationId: entry.organizationId,
    type: entry.type,
    typePattern: `%"${entry.type}"%`,
    agentId: entry.agentId,
    data: JSON.stringify(entry.data),
    at: entry.at,
  });
}

const insertEntry = perDatabase(({ builder }) =>
  prepared<{
    id: Id;
    organizationId: Id;
    type: string;
    typePattern: string;
    agentId: Id | null;
    data: string;
    at: number;
  }>((p) =>
    builder
      .insertInto("outbox")
      .columns(["id", "organization_id", "type", "agent_id", "data", "created_at"])
      .expression(
        builder
          // Postgres takes bare parameters of a select list for text.
          .selectNoFrom([
            sql<string>`${p.id}`.as("id"),
            sql<string>`${p.organizationId}`.as("organization_id"),
            sql<string>`${p.type}`.as("type"),
            sql<string | null>`cast(${p.agentId} as text)`.as("agent_id"),
            sql<string>`${p.data}`.as("data"),
            sql<number>`cast(${p.at} as bigint)`.as("created_at"),
          ])
          .where(({ exists, selectFrom }) =>
            exists(
              selectFrom("webhook")
                .select("webhook.id")
                .where("webhook.organization_id", "=", p.organizationId)
                .where("webhook.status", "=", sql<string>`'active'`)
                .where("webhook.events", "like", p.typePattern)
                .where(
                  sql<boolean>`(webhook.agent_id is null or webhook.agent_id = coalesce(cast(${p.agentId} as text), webhook.agent_id))`,
                ),
            ),
          ),
      ),
  ),
);
