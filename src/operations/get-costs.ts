import { sql } from "kysely";
import type { CostReport, Period } from "../contract/analytics.ts";
import { toStatement } from "../store/database.ts";
import { countAll, sumOf, tokens } from "./analysed-agent.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { periodStart } from "./period.ts";
import { requireScope } from "./scopes.ts";

/**
 * What the executions of all organizations cost, by organization and by model, the dearest first. A model of unknown
 * price counts nothing.
 */
export async function getCosts(
  { database, now }: Pick<OperationParts, "database" | "now">,
  caller: Caller,
  period: Period,
): Promise<CostReport> {
  requireScope(caller, "admin");
  const { builder, dialect } = database;
  const executions = builder
    .selectFrom("execution")
    .innerJoin("organization", "organization.id", "execution.organization_id")
    .where("organization.environment", "=", "live")
    .where("execution.agent_id", "is not", null)
    .where("execution.created_at", ">=", periodStart(period, now()));
  const cost = sumOf(sql`execution.cost_nano_usd`);
  const usage = dialect.jsonField("event.body", "usage");
  const used = (field: string) => sql`cast(${sql.raw(dialect.jsonField(usage, field))} as bigint)`;
  const modelCost = sumOf(sql`cast(${sql.raw(dialect.jsonField("event.body", "costNanoUsd"))} as bigint)`);
  const [organizations, models] = await Promise.all([
    database.scan(
      toStatement(
        executions
          .select(["organization.id", "organization.name", countAll.as("runs"), sumOf(tokens).as("tokens")])
          .select(cost.as("cost"))
          .groupBy(["organization.id", "organization.name"])
          .orderBy(cost, "desc")
          .orderBy("organization.id"),
      ),
    ),
    database.scan(
      toStatement(
        executions
          .innerJoin("event", "event.execution_id", "execution.id")
          .where("event.type", "=", "model-called")
          .select([
            sql<string>`${sql.raw(dialect.jsonField("event.body", "model"))}`.as("model"),
            countAll.as("calls"),
            sumOf(sql`${used("inputTokens")} + ${used("outputTokens")}`).as("tokens"),
            modelCost.as("cost"),
          ])
          .groupBy(sql`1`)
          .orderBy(sql`4`, "desc")
          .orderBy(sql`1`),
      ),
    ),
  ]);
  return {
    organizations: organizations.map((row) => ({
      organizationId: row["id"] as string,
      name: row["name"] as string,
      runs: row["runs"] as number,
      tokens: row["tokens"] as number,
      costNanoUsd: row["cost"] as number,
    })),
    models: models.map((row) => ({
      model: row["model"] as string,
      calls: row["calls"] as number,
      tokens: row["tokens"] as number,
      costNanoUsd: row["cost"] as number,
    })),
    totalNanoUsd: organizations.reduce((total, row) => total + (row["cost"] as number), 0),
  };
}
