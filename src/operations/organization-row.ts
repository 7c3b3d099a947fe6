import { type Environment, type Organization, planSchema } from "../contract/organization.ts";
import type { Row } from "../store/statement.ts";

export const organizationColumns = [
  "id",
  "name",
  "plan",
  "environment",
  "live_id",
  "credit_limit_nano_usd",
  "spent_nano_usd",
  "reserved_nano_usd",
  "wallet_nano_usd",
  "created_at",
] as const;

export function readOrganization(row: Row): Organization {
  return {
    id: row["id"] as string,
    name: row["name"] as string,
    plan: planSchema.parse(row["plan"]),
    environment: row["environment"] as Environment,
    liveId: row["live_id"] as string,
    creditLimitNanoUsd: row["credit_limit_nano_usd"] as number | null,
    spentNanoUsd: row["spent_nano_usd"] as number,
    reservedNanoUsd: row["reserved_nano_usd"] as number,
    walletNanoUsd: row["wallet_nano_usd"] as number,
    createdAt: row["created_at"] as number,
  };
}
