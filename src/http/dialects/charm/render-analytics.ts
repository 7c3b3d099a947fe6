import type {
  AgentStats,
  AgentUsageEntry,
  Distribution,
  ErrorGroup,
  InstallsOfDay,
  Period,
  RunsOfDay,
} from "../../../contract/analytics.ts";
import type { ExecutionStatus } from "../../../contract/execution.ts";
import type { Id } from "../../../contract/ids.ts";
import type { JsonObject } from "../../../contract/json.ts";
import { toUsd } from "../../money.ts";
import { renderPeriod } from "./period.ts";
import type { RunStatus } from "./schemas/run.ts";
import { renderTime } from "./time.ts";

/** Figures of one agent. @param agentId as its caller names it */
export function renderStats(agentId: string, stats: AgentStats): JsonObject {
  const judged = stats.completed + stats.failed;
  const { inputTokens, outputTokens } = stats;
  return {
    agent_id: agentId,
    total_runs: stats.runs,
    success_count: stats.completed,
    error_count: stats.failed,
    cancelled_count: stats.cancelled,
    running_count: stats.open,
    success_rate: judged === 0 ? null : stats.completed / judged,
    average_duration_ms: stats.averageDurationMs,
    p95_duration_ms: stats.p95DurationMs,
    unique_users: stats.users,
    total_threads: stats.conversations,
    total_installs: stats.installs,
    active_subscriptions: stats.activeSubscriptions,
    input_tokens: inputTokens,
    output_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    total_cost_usd: toUsd(stats.costNanoUsd),
    last_run_at: stats.lastRunAt === null ? null : renderTime(stats.lastRunAt),
  };
}

export function renderRunsByDay(agentId: string, period: Period, days: readonly RunsOfDay[]): JsonObject {
  return {
    agent_id: agentId,
    period: renderPeriod(period),
    runs: days.map(({ day, runs, completed, failed, cancelled }) => ({
      date: day,
      count: runs,
      success: completed,
      error: failed,
      cancelled,
    })),
    total: days.reduce((total, { runs }) => total + runs, 0),
  };
}

export function renderInstallsByDay(agentId: string, period: Period, days: readonly InstallsOfDay[]): JsonObject {
  return {
    agent_id: agentId,
    period: renderPeriod(period),
    installs: days.map(({ day, installs }) => ({ date: day, count: installs })),
    total: days.reduce((total, { installs }) => total + installs, 0),
  };
}

export function renderErrors(agentId: string, groups: readonly ErrorGroup[]): JsonObject {
  return {
    agent_id: agentId,
    errors: groups.map(({ code, message, count, lastAt }) => ({
      error_code: code,
      error_message: message,
      count,
      last_seen_at: renderTime(lastAt),
    })),
    total: groups.reduce((total, { count }) => total + count, 0),
  };
}

/** @param aliases the callers' own names of runs and threads */
export function renderUsageEntry(entry: AgentUsageEntry, aliases: ReadonlyMap<Id, string>): JsonObject {
  const { executionId, conversationId, inputTokens, outputTokens, costNanoUsd } = entry;
  return {
    run_id: aliases.get(executionId) ?? executionId,
    thread_id: conversationId === undefined ? null : (aliases.get(conversationId) ?? conversationId),
    user_id: entry.userId ?? null,
    version: entry.versionLabel,
    status: entry.status === "completed" && entry.isSuspended ? "suspended" : runStatus[entry.status],
    input_tokens: inputTokens,
    output_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    tool_calls: entry.toolCalls,
    cost_usd: costNanoUsd === null ? null : toUsd(costNanoUsd),
    duration_ms: entry.durationMs,
    created_at: renderTime(entry.createdAt),
  };
}

const runStatus: Record<ExecutionStatus, RunStatus> = {
  queued: "pending",
  running: "running",
  waiting: "suspended",
  completed: "success",
  failed: "error",
  cancelled: "cancelled",
};

/** Bounds are whole numbers, both inclusive; the last bucket has no upper one. */
export function renderDistribution(agentId: string, unit: string, distribution: Distribution): JsonObject {
  const { buckets, count, average, p50, p95, max } = distribution;
  return {
    agent_id: agentId,
    unit,
    buckets: buckets.map(({ from, to, count }) => ({
      min: from,
      max: to === undefined ? null : to - 1,
      count,
    })),
    total: count,
    average,
    p50,
    p95,
    max,
  };
}
