import { RunyardError } from "../contract/errors.ts";
import { type Id, newId } from "../contract/ids.ts";
import type { Subscription } from "../contract/ledger.ts";
import { toStatement } from "../store/database.ts";
import { UnitRejected } from "../store/statement.ts";
import { requireAgent } from "./agent-row.ts";
import { commitOnce } from "./idempotent-commit.ts";
import { checkWord, maxAmountNanoUsd } from "./ledger-row.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";
import { periodEnd } from "./subscription-period.ts";
import { noteUser } from "./user-row.ts";

/**
 * Subscribes a user to an agent from now on. It books no money: that comes as a transaction, or as word from the payment
 * provider, which also begins the next period.
 *
 * @throws `agent_not_found`, `subscription_exists`, `unprocessable` for a price out of bounds
 */
export async function createSubscription(
  parts: Pick<OperationParts, "database" | "secrets" | "now">,
  caller: Caller,
  request: { agentId: Id; userId: string; planType: string; priceNanoUsd: number },
): Promise<Subscription> {
  requireScope(caller, "agents:write");
  const { database } = parts;
  const { builder } = database;
  const organizationId = caller.organization.id;
  const { agentId, userId, planType, priceNanoUsd } = request;
  if (!(priceNanoUsd >= 0 && priceNanoUsd <= maxAmountNanoUsd)) {
    throw new RunyardError("unprocessable", "A price is from 0 to a million US dollars.", { param: "priceUsd" });
  }
  checkWord(planType, "planType");
  await requireAgent(database, organizationId, agentId);
  const now = parts.now();
  const subscription: Subscription = {
    id: newId(),
    organizationId,
    ...request,
    status: "active",
    providerReference: undefined,
    periodStart: now,
    periodEnd: periodEnd(planType, now),
    createdAt: now,
    updatedAt: now,
  };
  const lapse = builder
    .updateTable("subscription")
    .set({ status: "expired", updated_at: now })
    .where("organization_id", "=", organizationId)
    .where("agent_id", "=", agentId)
    .where("user_id", "=", userId)
    .where("status", "=", "active")
    .where("period_end", "<=", now);
  const insert = builder.insertInto("subscription").values({
    id: subscription.id,
    organization_id: organizationId,
    agent_id: agentId,
    user_id: userId,
    plan_type: planType,
    price_nano_usd: priceNanoUsd,
    status: subscription.status,
    provider_reference: null,
    period_start: now,
    period_end: subscription.periodEnd,
    created_at: now,
    updated_at: now,
  });
  try {
    const user = noteUser(database, { organizationId, userId, now });
    await commitOnce(parts, caller, [user, toStatement(lapse), toStatement(insert)], subscription);
  } catch (error) {
    if (!(error instanceof UnitRejected)) throw error;
    throw new RunyardError(
      "subscription_exists",
      `The user ${userId} has an active subscription to the agent already.`,
    );
  }
  return subscription;
}
