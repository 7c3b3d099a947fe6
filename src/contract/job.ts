import { z } from "zod";
import type { ErrorFact } from "./errors.ts";
import type { ExecutionStatus } from "./execution.ts";
import type { Id } from "./ids.ts";
import type { JsonObject } from "./json.ts";

/** What becomes of runs whose time passed while nobody could start them: none of them, or one for all of them. */
export const missedRunPolicies = ["skip", "once"] as const;
export const missedRunPolicySchema = z.enum(missedRunPolicies);
export type MissedRunPolicy = z.infer<typeof missedRunPolicySchema>;

/**
 * `active`: its next run has a time. `paused`: none until it is active again. The others are ends: `completed` (its last
 * run was started), `failed` (the only run could not be started), `cancelled`.
 */
export const jobStatuses = ["active", "paused", "completed", "failed", "cancelled"] as const;
export const jobStatusSchema = z.enum(jobStatuses);
export type JobStatus = z.infer<typeof jobStatusSchema>;

/** Executions of an agent in the background: one at once, or one at each time of a schedule. Times are epoch milliseconds. */
export interface Job {
  id: Id;
  organizationId: Id;
  agentId: Id;
  /** For whom it runs. */
  userId: string;
  name: string | undefined;
  input: JsonObject;
  /** A cron expression of five fields, or six with seconds first, a nickname such as `@daily`, or one ISO 8601 time. Null: once, at once. */
  schedule: string | null;
  /** IANA name of the zone that the schedule is read in. */
  timeZone: string;
  missedRuns: MissedRunPolicy;
  status: JobStatus;
  nextRunAt: number | null;
  /** When the last run was started, or could not be. */
  lastRunAt: number | null;
  /** Undefined: none has been started, or its conversation was deleted. */
  lastExecution: { id: Id; status: ExecutionStatus } | undefined;
  /** Runs that were started. */
  runCount: number;
  /** Why the last run could not be started; gone as soon as one is. */
  lastError: ErrorFact | undefined;
  createdAt: number;
  updatedAt: number;
}
