import type { Id } from "./ids.ts";

/**
 * One line of the credit ledger. What its amount does depends on its kind:
 *
 * - `reserve`, `release`, `settle`: of an execution. `reserve` and `release` (negative) add up to what is held for it and
 *   to zero once it has ended; `settle` is what it cost and adds to what the organization has spent.
 * - `payment`: money that came in from outside, or was given by whoever runs the installation; it is taken off what the
 *   organization has spent and so makes room under a credit limit. Negative: it went out again.
 * - `transaction`: booked by the organization itself, or owed between its users and its creators. It adds to the
 *   organization's wallet and gives no room under a credit limit, or keys could lift their own.
 *
 * An organization has spent the sum of `settle` less the sum of `payment`; its wallet is the sum of `transaction`.
 */
export interface CreditEntry {
  id: Id;
  organizationId: Id;
  executionId: Id | undefined;
  kind: "reserve" | "release" | "settle" | "payment" | "transaction";
  amountNanoUsd: number;
  at: number;
}

/** An entry without an execution. */
export interface Transaction {
  id: Id;
  organizationId: Id;
  kind: "payment" | "transaction";
  /** An open word: `topup`, `purchase`, `payout`, … */
  type: string;
  /** Unique with the type within the organization. */
  reference: string;
  agentId: Id | undefined;
  description: string | undefined;
  /** Positive: into the wallet. */
  amountNanoUsd: number;
  at: number;
}

export interface Wallet {
  /** What was booked and paid in less what executions have cost; negative when more was spent. */
  balanceNanoUsd: number;
  /** Held for executions that have not ended. */
  reservedNanoUsd: number;
  /** Null: no limit. */
  creditLimitNanoUsd: number | null;
  /** What executions may still cost under the limit; null: no limit. */
  availableNanoUsd: number | null;
}

export const subscriptionStatuses = ["active", "past_due", "cancelled", "expired"] as const;
export type SubscriptionStatus = (typeof subscriptionStatuses)[number];

/** A user's standing right to an agent. Times are epoch milliseconds. */
export interface Subscription {
  id: Id;
  organizationId: Id;
  agentId: Id;
  userId: string;
  /** An open word; `weekly`, `monthly` and `yearly` have periods. */
  planType: string;
  priceNanoUsd: number;
  status: SubscriptionStatus;
  /** Its id at the payment provider. */
  providerReference: string | undefined;
  periodStart: number;
  /** Null: it has no end. */
  periodEnd: number | null;
  createdAt: number;
  updatedAt: number;
}

/** What an agent's owner is owed and was paid in one go. */
export interface Payout {
  organizationId: Id;
  agentId: Id;
  /** In the words of whoever made the agent. */
  owner: string | undefined;
  amountNanoUsd: number;
  transactionId: Id;
}
