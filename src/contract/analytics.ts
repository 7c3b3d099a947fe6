import type { Agent } from "./agent.ts";
import type { ErrorCode } from "./errors.ts";
import type { ExecutionStatus } from "./execution.ts";
import type { Id } from "./ids.ts";

/** Figures of one agent, made from its executions and their logs whenever they are asked for. Durations in milliseconds. */
export interface AgentStats {
  runs: number;
  completed: number;
  failed: number;
  cancelled: number;
  /** Queued, running or waiting. */
  open: number;
  /** From acceptance to end, of those that have ended; null when none has. */
  averageDurationMs: number | null;
  p95DurationMs: number | null;
  users: number;
  conversations: number;
  inputTokens: number;
  outputTokens: number;
  costNanoUsd: number;
  installs: number;
  activeSubscriptions: number;
  lastRunAt: number | null;
}

/** The last so many hours, or the last so many days (UTC) with today. */
export type Period = { unit: "hours" | "days"; count: number } | "all";

export interface RunsOfDay {
  /** `YYYY-MM-DD`, UTC. */
  day: string;
  runs: number;
  completed: number;
  failed: number;
  cancelled: number;
}

export interface InstallsOfDay {
  /** `YYYY-MM-DD`, UTC. */
  day: string;
  installs: number;
}

export interface ErrorGroup {
  code: ErrorCode;
  /** Cut at 500 characters. */
  message: string;
  count: number;
  lastAt: number;
}

export interface AgentUsageEntry {
  executionId: Id;
  conversationId: Id | undefined;
  userId: string | undefined;
  versionLabel: string;
  status: ExecutionStatus;
  /** It ended to ask a person. */
  isSuspended: boolean;
  inputTokens: number;
  outputTokens: number;
  toolCalls: number;
  /** Null when a model of unknown price took part. */
  costNanoUsd: number | null;
  durationMs: number | null;
  createdAt: number;
}

/** How many values fall from `from` up to but not including `to`; no `to`: and above. */
export interface Bucket {
  from: number;
  to: number | undefined;
  count: number;
}

export interface Distribution {
  buckets: Bucket[];
  count: number;
  average: number | null;
  p50: number | null;
  p95: number | null;
  max: number | null;
}

export interface UserCost {
  organizationId: Id;
  userId: string;
  runs: number;
  tokens: number;
  costNanoUsd: number;
}

export interface OrganizationCost {
  organizationId: Id;
  name: string;
  runs: number;
  tokens: number;
  costNanoUsd: number;
}

export interface ModelCost {
  model: string;
  calls: number;
  tokens: number;
  costNanoUsd: number;
}

export interface CostReport {
  organizations: OrganizationCost[];
  models: ModelCost[];
  totalNanoUsd: number;
}

/** An agent of whatever organization, as whoever runs the installation sees it. */
export interface ForeignAgent extends Agent {
  /** Its owner's own id of it. */
  alias: string | undefined;
}
