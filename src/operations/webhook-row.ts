import { z } from "zod";
import { RunyardError } from "../contract/errors.ts";
import { type Id, spellId } from "../contract/ids.ts";
import { type Webhook, webhookEventTypeSchema } from "../contract/webhook.ts";
import { type Database, toStatement } from "../store/database.ts";
import type { SecretPlace } from "../store/secrets.ts";
import type { Row } from "../store/statement.ts";
import type { OperationParts } from "./parts.ts";

const eventsSchema = z.array(webhookEventTypeSchema);

export function readWebhook(row: Row): Webhook {
  return {
    id: row["id"] as string,
    organizationId: row["organization_id"] as string,
    url: row["url"] as string,
    events: eventsSchema.parse(JSON.parse(row["events"] as string)),
    agentId: (row["agent_id"] as string | null) ?? undefined,
    status: row["status"] as Webhook["status"],
    createdAt: row["created_at"] as number,
  };
}

/** @throws `webhook_not_found` */
export async function requireWebhook(database: Database, organizationId: Id, webhookId: Id): Promise<Webhook> {
  const [row] = await database.read(
    toStatement(
      database.builder
        .selectFrom("webhook")
        .selectAll()
        .where("id", "=", webhookId)
        .where("organization_id", "=", organizationId),
    ),
  );
  if (row === undefined) throw webhookNotFound(webhookId);
  return readWebhook(row);
}

export function webhookNotFound(webhookId: Id): RunyardError {
  return new RunyardError("webhook_not_found", `There is no webhook ${spellId("webhook", webhookId)}.`);
}

export function webhookSecretPlace(webhookId: Id): SecretPlace {
  return { record: webhookId, field: "secret" };
}

/** @throws `address_refused` for what can be told without a look-up; each delivery is checked again */
export function refuseAddress({ checkUrl }: Pick<OperationParts, "checkUrl">, url: string): void {
  const problem = checkUrl(url);
  if (problem !== undefined) throw new RunyardError("address_refused", problem, { param: "url" });
}
