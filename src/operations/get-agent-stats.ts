import { sql } from "kysely";
import type { AgentStats } from "../contract/analytics.ts";
import { toStatement } from "../store/database.ts";
import {
  averageOf,
  countAll,
  countWhere,
  durationMs,
  isCancelled,
  isCompleted,
  isFailed,
  requireAnalysed,
  runsOf,
  sumOf,
} from "./analysed-agent.ts";
import { percentileOf } from "./distribution.ts";
import { installsOf } from "./installs.ts";
import type { AnalysedAgent, Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";

/** Figures over all runs of an agent that are kept. */
export async function getAgentStats(
  { database, now }: Pick<OperationParts, "database" | "now">,
  caller: Caller,
  agent: AnalysedAgent,
): Promise<AgentStats> {
  const place = await requireAnalysed(database, caller, agent);
  const runs = runsOf(database, place).select([
    countAll.as("runs"),
    countWhere(isCompleted).as("completed"),
    countWhere(isFailed).as("failed"),
    countWhere(isCancelled).as("cancelled"),
    sql<number>`count(execution.finished_at)`.as("ended"),
    averageOf(durationMs).as("average"),
    sql<number>`count(distinct run_user.user_id)`.as("users"),
    sql<number>`count(distinct execution.conversation_id)`.as("conversations"),
    sumOf(sql`execution.input_tokens`).as("input_tokens"),
    sumOf(sql`execution.output_tokens`).as("output_tokens"),
    sumOf(sql`execution.cost_nano_usd`).as("cost"),
    sql<number | null>`max(execution.created_at)`.as("last_at"),
  ]);
  const installs = database.builder.selectFrom(installsOf(database, place).as("installs")).select(countAll.as("count"));
  const subscriptions = database.builder
    .selectFrom("subscription")
    .select(countAll.as("count"))
    .where("organization_id", "=", place.organizationId)
    .where("agent_id", "=", place.agentId)
    .where("status", "=", "active")
    .where((where) => where.or([where("period_end", "is", null), where("period_end", ">", now())]));
  const [[row], [installed], [subscribed]] = await Promise.all([
    database.scan(toStatement(runs)),
    database.scan(toStatement(installs)),
    database.scan(toStatement(subscriptions)),
  ]);
  const figure = (name: string) => Number(row?.[name] ?? 0);
  const ended = runsOf(database, place).select(durationMs.as("value")).where("execution.finished_at", "is not", null);
  return {
    runs: figure("runs"),
    completed: figure("completed"),
    failed: figure("failed"),
    cancelled: figure("cancelled"),
    open: figure("runs") - figure("completed") - figure("failed") - figure("cancelled"),
    averageDurationMs: row?.["average"] == null ? null : figure("average"),
    p95DurationMs: await percentileOf(database, ended.as("measured"), figure("ended"), 0.95),
    users: figure("users"),
    conversations: figure("conversations"),
    inputTokens: figure("input_tokens"),
    outputTokens: figure("output_tokens"),
    costNanoUsd: figure("cost"),
    installs: Number(installed?.["count"] ?? 0),
    activeSubscriptions: Number(subscribed?.["count"] ?? 0),
    lastRunAt: row?.["last_at"] == null ? null : figure("last_at"),
  };
}
