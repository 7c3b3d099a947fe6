import { type RawBuilder, sql } from "kysely";
import type { Id } from "../contract/ids.ts";
import type { Database } from "../store/database.ts";
import { requireAgent } from "./agent-row.ts";
import type { AnalysedAgent, Caller } from "./operations.ts";
import { requireScope } from "./scopes.ts";

export interface AgentPlace {
  organizationId: Id;
  agentId: Id;
}

/**
 * The agent whose figures are asked for. Whoever names its organization looks at other tenants, and needs `admin`.
 *
 * @throws `insufficient_scope`, `agent_not_found`
 */
export async function requireAnalysed(database: Database, caller: Caller, agent: AnalysedAgent): Promise<AgentPlace> {
  requireScope(caller, agent.organizationId === undefined ? "analytics:read" : "admin");
  const place = { organizationId: agent.organizationId ?? caller.organization.id, agentId: agent.id };
  await requireAgent(database, place.organizationId, place.agentId);
  return place;
}

/**
 * The executions of an agent that are runs: those that only save or restore a workspace are none.
 *
 * @param since epoch milliseconds of acceptance
 */
export function runsOf({ builder }: Database, { organizationId, agentId }: AgentPlace, since: number = 0) {
  return builder
    .selectFrom("execution")
    .leftJoin("run_user", "run_user.execution_id", "execution.id")
    .where("execution.organization_id", "=", organizationId)
    .where("execution.agent_id", "=", agentId)
    .where("execution.created_at", ">=", since)
    .where("run_user.task", "is", null);
}

export const isCompleted = sql`execution.status = 'completed'`;
export const isFailed = sql`execution.status = 'failed'`;
export const isCancelled = sql`execution.status = 'cancelled'`;
export const durationMs = sql<number>`(execution.finished_at - execution.created_at)`;
export const tokens = sql<number>`(execution.input_tokens + execution.output_tokens)`;

export const countAll = sql<number>`count(*)`;

export function countWhere(condition: RawBuilder<unknown>): RawBuilder<number> {
  return sumOf(sql`case when ${condition} then 1 else 0 end`);
}

/** Postgres sums to `numeric`, which would come as text. */
export function sumOf(value: RawBuilder<unknown>): RawBuilder<number> {
  return sql<number>`cast(coalesce(sum(${value}), 0) as bigint)`;
}

/** To whole numbers; null of nothing. */
export function averageOf(value: RawBuilder<unknown>): RawBuilder<number | null> {
  return sql<number | null>`cast(round(avg(${value})) as bigint)`;
}
