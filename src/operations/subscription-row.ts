import { RunyardError } from "../contract/errors.ts";
import type { Id } from "../contract/ids.ts";
import { type Subscription, subscriptionStatuses } from "../contract/ledger.ts";
import type { Row } from "../store/statement.ts";

/** An active one whose period is over has expired, whether or not a row says so yet. */
export function readSubscription(row: Row, now: number): Subscription {
  const stored = subscriptionStatuses.find((status) => status === row["status"]) ?? "expired";
  const periodEnd = row["period_end"] as number | null;
  return {
    id: row["id"] as string,
    organizationId: row["organization_id"] as string,
    agentId: row["agent_id"] as string,
    userId: row["user_id"] as string,
    planType: row["plan_type"] as string,
    priceNanoUsd: row["price_nano_usd"] as number,
    status: stored === "active" && periodEnd !== null && periodEnd <= now ? "expired" : stored,
    providerReference: (row["provider_reference"] as string | null) ?? undefined,
    periodStart: row["period_start"] as number,
    periodEnd,
    createdAt: row["created_at"] as number,
    updatedAt: row["updated_at"] as number,
  };
}

export function subscriptionNotFound(subscriptionId: Id): RunyardError {
  return new RunyardError("subscription_not_found", `There is no subscription ${subscriptionId}.`);
}
