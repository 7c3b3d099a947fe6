import { sql } from "kysely";
import type { Id } from "../contract/ids.ts";
import { prepared } from "../store/prepared.ts";
import type { OperationParts } from "./parts.ts";
import { perDatabase } from "./per-database.ts";
import { webhookSecretPlace } from "./webhook-row.ts";

/** A webhook whose deliveries have all failed for this long is disabled. */
const patienceMs = 3 * 24 * 60 * 60 * 1000;

/** Where a delivery goes at the moment it is tried. */
export interface WebhookTarget {
  url: string;
  secret: string;
}

/** @returns undefined when the webhook was deleted or disabled, so that nothing is to be delivered any more */
export async function readWebhookTarget(
  { database, secrets }: Pick<OperationParts, "database" | "secrets">,
  organizationId: Id,
  webhookId: Id,
): Promise<WebhookTarget | undefined> {
  const [row] = await database.read(queriesOf(database).target({ organizationId, webhookId }));
  if (row === undefined) return undefined;
  const secret = await secrets.open(organizationId, row["sealed_secret"] as string, webhookSecretPlace(webhookId));
  return { url: row["url"] as string, secret };
}

/**
 * Keeps since when every delivery of a webhook has failed, and disables it after three days of that. A success ends the
 * count; while nothing fails, nothing is written.
 */
export async function noteDelivery(
  { database, now }: Pick<OperationParts, "database" | "now">,
  organizationId: Id,
  webhookId: Id,
  succeeded: boolean,
): Promise<void> {
  const queries = queriesOf(database);
  if (!succeeded) {
    const at = now();
    await database.write([queries.failed({ organizationId, webhookId, at, before: at - patienceMs })]);
    return;
  }
  const [row] = await database.read(queries.target({ organizationId, webhookId }));
  if (row === undefined || row["failing_since"] === null) return;
  await database.write([queries.recovered({ organizationId, webhookId })]);
}

const queriesOf = perDatabase(({ builder }) => ({
  target: prepared<{ organizationId: Id; webhookId: Id }>((p) =>
    builder
      .selectFrom("webhook")
      .select(["url", "sealed_secret", "failing_since"])
      .where("id", "=", p.webhookId)
      .where("organization_id", "=", p.organizationId)
      .where("status", "=", sql<string>`'active'`),
  ),
  failed: prepared<{ organizationId: Id; webhookId: Id; at: number; before: number }>((p) =>
    builder
      .updateTable("webhook")
      .set({
        // Both read the value from before this statement.
        failing_since: sql<number>`coalesce(failing_since, cast(${p.at} as bigint))`,
        status: sql<string>`case when failing_since <= ${p.before} then 'disabled' else status end`,
      })
      .where("id", "=", p.webhookId)
      .where("organization_id", "=", p.organizationId),
  ),
  recovered: prepared<{ organizationId: Id; webhookId: Id }>((p) =>
    builder
      .updateTable("webhook")
      .set({ failing_since: null })
      .where("id", "=", p.webhookId)
      .where("organization_id", "=", p.organizationId),
  ),
}));
