import type { Id } from "../contract/ids.ts";
import { toStatement } from "../store/database.ts";
import { UnitRejected } from "../store/statement.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";
import { webhookNotFound } from "./webhook-row.ts";

/** Deliveries that are under way end at their next try. */
export async function deleteWebhook(
  { database }: Pick<OperationParts, "database">,
  caller: Caller,
  webhookId: Id,
): Promise<void> {
  requireScope(caller, "webhooks:manage");
  const remove = toStatement(
    database.builder
      .deleteFrom("webhook")
      .where("id", "=", webhookId)
      .where("organization_id", "=", caller.organization.id),
    { expectsRow: true },
  );
  try {
    await database.write([remove]);
  } catch (error) {
    if (error instanceof UnitRejected) throw webhookNotFound(webhookId);
    throw error;
  }
}
