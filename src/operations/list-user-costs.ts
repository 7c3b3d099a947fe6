import { sql } from "kysely";
import type { Period, UserCost } from "../contract/analytics.ts";
import { toStatement } from "../store/database.ts";
import { countAll, sumOf, tokens } from "./analysed-agent.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { periodStart } from "./period.ts";
import { requireScope } from "./scopes.ts";

/**
 * What the executions of all organizations cost by the user that they ran for, the dearest first. Those that ran for
 * nobody in particular count for the organization's own user.
 */
export async function listUserCosts(
  { database, now }: Pick<OperationParts, "database" | "now">,
  caller: Caller,
  period: Period,
  page: { limit: number; offset: number },
): Promise<{ items: UserCost[]; totalNanoUsd: number }> {
  requireScope(caller, "admin");
  const { builder } = database;
  const executions = builder
    .selectFrom("execution")
    .innerJoin("organization", "organization.id", "execution.organization_id")
    .leftJoin("run_user", "run_user.execution_id", "execution.id")
    .where("organization.environment", "=", "live")
    .where("execution.agent_id", "is not", null)
    .where("execution.created_at", ">=", periodStart(period, now()));
  const cost = sumOf(sql`execution.cost_nano_usd`);
  const [rows, [total]] = await Promise.all([
    database.scan(
      toStatement(
        executions
          .select([
            "execution.organization_id",
            sql<string>`coalesce(run_user.user_id, execution.organization_id)`.as("user_id"),
            countAll.as("runs"),
            sumOf(tokens).as("tokens"),
            cost.as("cost"),
          ])
          .groupBy([sql`1`, sql`2`])
          .orderBy(sql`5`, "desc")
          .orderBy(sql`1`)
          .orderBy(sql`2`)
          .limit(page.limit)
          .offset(page.offset),
      ),
    ),
    database.scan(toStatement(executions.select(cost.as("cost")))),
  ]);
  const items = rows.map((row) => ({
    organizationId: row["organization_id"] as string,
    userId: row["user_id"] as string,
    runs: row["runs"] as number,
    tokens: row["tokens"] as number,
    costNanoUsd: row["cost"] as number,
  }));
  return { items, totalNanoUsd: Number(total?.["cost"] ?? 0) };
}
