import { RunyardError } from "../contract/errors.ts";
import { type Id, spellId } from "../contract/ids.ts";
import type { Job } from "../contract/job.ts";
import { toStatement } from "../store/database.ts";
import { requireJob } from "./job-row.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { nextTime } from "./schedule.ts";
import { requireScope } from "./scopes.ts";

const maxTries = 5;

/**
 * Pauses a job, or lets a paused one go on with the next time of its schedule; times that passed meanwhile are not made
 * up for. A running execution goes on.
 *
 * @throws `job_ended`, also when a paused job has no time left to go on with
 */
export async function updateJob(
  parts: Pick<OperationParts, "database" | "now" | "wakeJobs">,
  caller: Caller,
  jobId: Id,
  change: { status?: "active" | "paused" },
): Promise<Job> {
  requireScope(caller, "agents:execute");
  const { database } = parts;
  const organizationId = caller.organization.id;
  for (let count = 1; count <= maxTries; count += 1) {
    const job = await requireJob(database, organizationId, jobId);
    if (change.status === undefined) return job;
    if (job.status !== "active" && job.status !== "paused") throw ended(job, `is ${job.status}`);
    if (job.status === change.status) return job;
    const now = parts.now();
    const nextRunAt = change.status === "paused" ? null : resumeAt(job, now);
    const [changed = []] = await database.write([
      toStatement(
        database.builder
          .updateTable("job")
          .set({ status: change.status, next_run_at: nextRunAt, updated_at: now })
          .where("id", "=", jobId)
          .where("organization_id", "=", organizationId)
          .where("status", "=", job.status)
          .returning("id"),
      ),
    ]);
    if (changed.length === 0) continue; // it ended, or somebody else changed it: look again
    if (nextRunAt !== null) parts.wakeJobs();
    return { ...job, status: change.status, nextRunAt, updatedAt: now };
  }
  throw new RunyardError("edit_conflict", `Job ${spellId("job", jobId)} is being changed by others. Try again.`);
}

function resumeAt(job: Job, now: number): number {
  if (job.schedule === null) return now;
  const next = nextTime({ expression: job.schedule, timeZone: job.timeZone }, now);
  if (next === null) throw ended(job, "has no time to come");
  return next;
}

function ended(job: Job, why: string): RunyardError {
  return new RunyardError("job_ended", `Job ${spellId("job", job.id)} ${why}; make a new one.`);
}
