import { RunyardError, type ErrorFact } from "../contract/errors.ts";
import type { ExecutionStatus } from "../contract/execution.ts";
import { type Id, spellId } from "../contract/ids.ts";
import { jsonObjectSchema } from "../contract/json.ts";
import { type Job, type JobStatus, missedRunPolicySchema } from "../contract/job.ts";
import { type Database, toStatement } from "../store/database.ts";
import type { Row } from "../store/statement.ts";

/** With the state of its last execution, as `readJob` reads it. */
export function selectJobs({ builder }: Database) {
  return builder
    .selectFrom("job")
    .leftJoin("execution", "execution.id", "job.last_execution_id")
    .selectAll("job")
    .select("execution.status as last_execution_status");
}

export function readJob(row: Row): Job {
  const lastId = row["last_execution_id"] as Id | null;
  const lastStatus = row["last_execution_status"] as ExecutionStatus | null;
  const lastError = row["last_error"] as string | null;
  return {
    id: row["id"] as Id,
    organizationId: row["organization_id"] as Id,
    agentId: row["agent_id"] as Id,
    userId: row["user_id"] as string,
    name: (row["name"] as string | null) ?? undefined,
    input: jsonObjectSchema.parse(JSON.parse(row["input"] as string)),
    schedule: row["schedule"] as string | null,
    timeZone: row["time_zone"] as string,
    missedRuns: missedRunPolicySchema.parse(row["missed_runs"]),
    status: row["status"] as JobStatus,
    nextRunAt: row["next_run_at"] as number | null,
    lastRunAt: row["last_run_at"] as number | null,
    lastExecution: lastId === null || lastStatus === null ? undefined : { id: lastId, status: lastStatus },
    runCount: row["run_count"] as number,
    lastError: lastError === null ? undefined : (JSON.parse(lastError) as ErrorFact),
    createdAt: row["created_at"] as number,
    updatedAt: row["updated_at"] as number,
  };
}

/** @throws `job_not_found` */
export async function requireJob(database: Database, organizationId: Id, jobId: Id): Promise<Job> {
  const [row] = await database.read(
    toStatement(selectJobs(database).where("job.id", "=", jobId).where("job.organization_id", "=", organizationId)),
  );
  if (row === undefined) throw jobNotFound(jobId);
  return readJob(row);
}

export function jobNotFound(jobId: Id): RunyardError {
  return new RunyardError("job_not_found", `There is no job ${spellId("job", jobId)}.`);
}
