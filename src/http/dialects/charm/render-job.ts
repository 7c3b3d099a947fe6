import { isTerminalStatus } from "../../../contract/execution.ts";
import type { Id } from "../../../contract/ids.ts";
import type { Job } from "../../../contract/job.ts";
import type { Caller, Operations } from "../../../operations/operations.ts";
import { withPlainIds } from "./plain-ids.ts";
import type { WireJob } from "./schemas/job.ts";
import { renderTime } from "./time.ts";

/** @param aliases the callers' own names of agents and runs */
export function renderJob(job: Job, aliases: ReadonlyMap<Id, string>): WireJob {
  const { id, agentId, lastExecution, lastError } = job;
  return {
    id,
    job_id: id,
    agent_id: aliases.get(agentId) ?? agentId,
    user_id: job.userId,
    name: job.name ?? null,
    input_payload: job.input,
    schedule: job.schedule,
    timezone: job.timeZone,
    missed_runs: job.missedRuns,
    status: renderStatus(job),
    next_run_at: renderMaybe(job.nextRunAt),
    last_run_at: renderMaybe(job.lastRunAt),
    last_run_id: lastExecution === undefined ? null : (aliases.get(lastExecution.id) ?? lastExecution.id),
    run_count: job.runCount,
    error_message: lastError === undefined ? null : withPlainIds(lastError.message),
    created_at: renderTime(job.createdAt),
    updated_at: renderTime(job.updatedAt),
  };
}

/** Jobs of one answer, with the names that their callers gave to agents and runs. */
export async function renderJobs(
  operations: Pick<Operations, "readAliases">,
  caller: Caller,
  jobs: readonly Job[],
): Promise<WireJob[]> {
  const ids = jobs.flatMap(({ agentId, lastExecution }) => [agentId, ...(lastExecution ? [lastExecution.id] : [])]);
  const aliases = await operations.readAliases(caller, ids);
  return jobs.map((job) => renderJob(job, aliases));
}

/** A job's state and that of its last run in the one vocabulary of this dialect. */
function renderStatus({ status, lastExecution }: Job): WireJob["status"] {
  if (status === "cancelled") return "cancelled";
  if (lastExecution !== undefined && !isTerminalStatus(lastExecution.status)) {
    return lastExecution.status === "queued" ? "pending" : "running";
  }
  switch (status) {
    case "active":
      return "pending";
    case "paused":
      return "suspended";
    case "failed":
      return "error";
    case "completed":
      if (lastExecution?.status === "failed") return "error";
      return lastExecution?.status === "cancelled" ? "cancelled" : "success";
  }
}

function renderMaybe(at: number | null): string | null {
  return at === null ? null : renderTime(at);
}
