import type { Id } from "../contract/ids.ts";
import type { Subscription } from "../contract/ledger.ts";
import { toStatement } from "../store/database.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";
import { readSubscription, subscriptionNotFound } from "./subscription-row.ts";

/** @throws `subscription_not_found` */
export async function getSubscription(
  { database, now }: Pick<OperationParts, "database" | "now">,
  caller: Caller,
  subscriptionId: Id,
): Promise<Subscription> {
  requireScope(caller, "agents:read");
  const [row] = await database.read(
    toStatement(
      database.builder
        .selectFrom("subscription")
        .selectAll()
        .where("id", "=", subscriptionId)
        .where("organization_id", "=", caller.organization.id),
    ),
  );
  if (row === undefined) throw subscriptionNotFound(subscriptionId);
  return readSubscription(row, now());
}
