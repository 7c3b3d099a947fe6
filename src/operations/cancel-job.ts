import type { Id } from "../contract/ids.ts";
import { isTerminalStatus } from "../contract/execution.ts";
import type { Job } from "../contract/job.ts";
import { toStatement } from "../store/database.ts";
import { requireJob } from "./job-row.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";

/**
 * Ends a job: nothing more is started, and its running execution is cancelled. The job stays, to be read. One whose last
 * run has ended by itself stays as it is; cancelling twice gives the same answer.
 */
export async function cancelJob(
  { database, engine, now }: Pick<OperationParts, "database" | "engine" | "now">,
  caller: Caller,
  jobId: Id,
): Promise<Job> {
  requireScope(caller, "agents:execute");
  const organizationId = caller.organization.id;
  const before = await requireJob(database, organizationId, jobId);
  const runs = before.lastExecution !== undefined && !isTerminalStatus(before.lastExecution.status);
  if (before.status === "active" || before.status === "paused" || (before.status === "completed" && runs)) {
    // From here on nothing is started, so the execution that is read next is the last one.
    await database.write([
      toStatement(
        database.builder
          .updateTable("job")
          .set({ status: "cancelled", next_run_at: null, updated_at: now() })
          .where("id", "=", jobId)
          .where("organization_id", "=", organizationId)
          .where("status", "in", ["active", "paused", "completed"]),
      ),
    ]);
  }
  const { lastExecution, status } = await requireJob(database, organizationId, jobId);
  if (status === "cancelled" && lastExecution !== undefined && !isTerminalStatus(lastExecution.status)) {
    await engine.cancel(lastExecution.id, { by: caller.keyId, reason: "The job was cancelled." });
  }
  return requireJob(database, organizationId, jobId);
}
