import { type RawBuilder, sql } from "kysely";
import { type Database, toStatement } from "../store/database.ts";
import type { Row } from "../store/statement.ts";
import type { Caller, UsageGroup, UsageQuery, UsageReport } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";

/**
 * What executions used, by the day they were accepted (UTC), agent or model, groups in the order of their keys. Groups
 * by model count an execution once for each model that it called; the total counts it once.
 */
export async function getUsage(
  { database }: Pick<OperationParts, "database">,
  caller: Caller,
  query: UsageQuery,
): Promise<UsageReport> {
  requireScope(caller, "analytics:read");
  const organizationId = caller.organization.id;
  const grouped =
    query.groupBy === "model"
      ? usageByModel(database, organizationId, query)
      : usageOf(database, organizationId, query, groupKey(database, query.groupBy));
  const [rows, totals] = await Promise.all([
    database.scan(toStatement(grouped)),
    database.scan(toStatement(usageOf(database, organizationId, query, sql<string>`''`))),
  ]);
  const [total] = totals;
  return { groups: rows.map(readGroup), total: withoutKey(total === undefined ? nothing : readGroup(total)) };
}

function groupKey({ dialect }: Database, groupBy: "day" | "agent"): RawBuilder<string> {
  switch (groupBy) {
    case "day":
      return sql.raw(dialect.dayOf("execution.created_at"));
    case "agent":
      return sql`execution.agent_id`;
    default:
      return groupBy satisfies never;
  }
}

/** From the counters of execution rows, in one group for each key. */
function usageOf(database: Database, organizationId: string, query: UsageQuery, key: RawBuilder<string>) {
  return executionsOf(database, organizationId, query)
    .select([
      key.as("key"),
      sql<number>`count(*)`.as("executions"),
      sumOf(sql`execution.input_tokens`).as("input_tokens"),
      sumOf(sql`execution.output_tokens`).as("output_tokens"),
      sumOf(sql`execution.cache_read_tokens`).as("cache_read_tokens"),
      sumOf(sql`execution.cache_write_tokens`).as("cache_write_tokens"),
      sumOf(sql`execution.reasoning_tokens`).as("reasoning_tokens"),
      sumOf(sql`execution.cost_nano_usd`).as("cost_nano_usd"),
      sumOf(sql`execution.cost_unknown`).as("cost_unknown"),
    ])
    .groupBy(sql`1`)
    .orderBy(sql`1`);
}

/** From the model calls in the logs, which retention leaves there. */
function usageByModel(database: Database, organizationId: string, query: UsageQuery) {
  const { dialect } = database;
  const usage = dialect.jsonField("event.body", "usage");
  const tokens = (field: string) => sumOf(sql`cast(${sql.raw(dialect.jsonField(usage, field))} as bigint)`);
  const cost = sql.raw(dialect.jsonField("event.body", "costNanoUsd"));
  return executionsOf(database, organizationId, query)
    .innerJoin("event", "event.execution_id", "execution.id")
    .where("event.type", "=", "model-called")
    .select([
      sql<string>`${sql.raw(dialect.jsonField("event.body", "model"))}`.as("key"),
      sql<number>`count(distinct execution.id)`.as("executions"),
      tokens("inputTokens").as("input_tokens"),
      tokens("outputTokens").as("output_tokens"),
      tokens("cacheReadTokens").as("cache_read_tokens"),
      tokens("cacheWriteTokens").as("cache_write_tokens"),
      tokens("reasoningTokens").as("reasoning_tokens"),
      sumOf(sql`cast(${cost} as bigint)`).as("cost_nano_usd"),
      sumOf(sql`case when ${cost} is null then 1 else 0 end`).as("cost_unknown"),
    ])
    .groupBy(sql`1`)
    .orderBy(sql`1`);
}

function executionsOf({ builder }: Database, organizationId: string, query: UsageQuery) {
  const { agentId, createdFrom, createdTo } = query;
  return (
    builder
      .selectFrom("execution")
      .where("execution.organization_id", "=", organizationId)
      // Programs of the product itself have no agent.
      .where("execution.agent_id", "is not", null)
      .$if(agentId !== undefined, (some) => some.where("execution.agent_id", "=", agentId ?? null))
      .$if(createdFrom !== undefined, (some) => some.where("execution.created_at", ">=", createdFrom ?? 0))
      .$if(createdTo !== undefined, (some) => some.where("execution.created_at", "<=", createdTo ?? 0))
  );
}

/** Postgres sums to `numeric`, which would come as text. */
function sumOf(value: RawBuilder<unknown>): RawBuilder<number> {
  return sql<number>`cast(coalesce(sum(${value}), 0) as bigint)`;
}

function readGroup(row: Row): UsageGroup {
  return {
    key: row["key"] as string,
    executions: row["executions"] as number,
    usage: {
      inputTokens: row["input_tokens"] as number,
      outputTokens: row["output_tokens"] as number,
      cacheReadTokens: row["cache_read_tokens"] as number,
      cacheWriteTokens: row["cache_write_tokens"] as number,
      reasoningTokens: row["reasoning_tokens"] as number,
    },
    costNanoUsd: row["cost_unknown"] === 0 ? (row["cost_nano_usd"] as number) : null,
  };
}

const nothing: UsageGroup = {
  key: "",
  executions: 0,
  usage: { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 },
  costNanoUsd: 0,
};

function withoutKey({ executions, usage, costNanoUsd }: UsageGroup): Omit<UsageGroup, "key"> {
  return { executions, usage, costNanoUsd };
}
