import type { Id } from "../contract/ids.ts";
import type { Job } from "../contract/job.ts";
import { requireJob } from "./job-row.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";

export async function getJob({ database }: Pick<OperationParts, "database">, caller: Caller, jobId: Id): Promise<Job> {
  requireScope(caller, "agents:read", "agents:execute");
  return requireJob(database, caller.organization.id, jobId);
}
