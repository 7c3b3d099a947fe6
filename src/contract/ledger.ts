import type { Id } from "./ids.ts";

/** One line of the credit ledger. The sum of an execution's reservations and releases is zero once it has ended. */
export interface CreditEntry {
  id: Id;
  organizationId: Id;
  executionId: Id | undefined;
  kind: "reserve" | "release" | "settle";
  amountNanoUsd: number;
  at: number;
}
