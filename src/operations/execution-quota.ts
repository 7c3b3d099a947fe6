import { RunyardError } from "../contract/errors.ts";
import type { Organization } from "../contract/organization.ts";
import { executeQueries } from "./execute-queries.ts";
import type { OperationParts } from "./parts.ts";

/** @throws RunyardError `quota_exceeded` when the organization's executions of this month (UTC) are used up */
export async function checkQuota(
  { database, plans, now }: Pick<OperationParts, "database" | "plans" | "now">,
  { id, plan, environment }: Pick<Organization, "id" | "plan" | "environment">,
): Promise<void> {
  const { executionsPerMonth } = plans[plan];
  if (executionsPerMonth === null || environment === "test") return;
  const start = new Date(now());
  const from = Date.UTC(start.getUTCFullYear(), start.getUTCMonth(), 1);
  const [row] = await database.read(executeQueries(database).countSince({ organizationId: id, from }));
  if (Number(row?.["count"] ?? 0) < executionsPerMonth) return;
  throw new RunyardError(
    "quota_exceeded",
    `The plan ${plan} allows ${executionsPerMonth} executions a month, and they are used up until the first of next month (UTC).`,
  );
}
