import { RunyardError } from "../contract/errors.ts";
import { type Id, newId } from "../contract/ids.ts";
import type { JsonObject } from "../contract/json.ts";
import type { Job, MissedRunPolicy } from "../contract/job.ts";
import { toStatement } from "../store/database.ts";
import { requireAgent } from "./agent-row.ts";
import { commitOnce } from "./idempotent-commit.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { defaultUser } from "./program-input.ts";
import { checkSchedule, checkTimeZone } from "./schedule.ts";
import { requireScope } from "./scopes.ts";
import { checkUserId } from "./user-row.ts";

const longestName = 255;

export interface JobRequest {
  agentId: Id;
  input: JsonObject;
  /** Absent: one run, at once. See `Job.schedule`. */
  schedule?: string;
  /** Default: UTC. */
  timeZone?: string;
  /** Default: `once`. */
  missedRuns?: MissedRunPolicy;
  name?: string;
  /** For whom it runs. Default: the same as of an execution that names nobody. */
  userId?: string;
}

/**
 * Its runs are of the version that is current at their time. The first one may have begun when this resolves.
 * @throws `agent_not_found`, `invalid_field_value` for a schedule or a zone that is none
 */
export async function createJob(
  parts: Pick<OperationParts, "database" | "secrets" | "now" | "wakeJobs">,
  caller: Caller,
  request: JobRequest,
): Promise<Job> {
  requireScope(caller, "agents:execute");
  const { database } = parts;
  const organizationId = caller.organization.id;
  const { agentId, input, schedule, timeZone = "UTC", missedRuns = "once", name, userId = defaultUser } = request;
  checkName(name);
  checkUserId(userId);
  const now = parts.now();
  checkTimeZone(timeZone);
  const nextRunAt = schedule === undefined ? now : checkSchedule({ expression: schedule, timeZone }, now);
  await requireAgent(database, organizationId, agentId);
  const job: Job = {
    id: newId(),
    organizationId,
    agentId,
    userId,
    name,
    input,
    schedule: schedule ?? null,
    timeZone,
    missedRuns,
    status: "active",
    nextRunAt,
    lastRunAt: null,
    lastExecution: undefined,
    runCount: 0,
    lastError: undefined,
    createdAt: now,
    updatedAt: now,
  };
  const insert = toStatement(
    database.builder.insertInto("job").values({
      id: job.id,
      organization_id: organizationId,
      agent_id: agentId,
      user_id: userId,
      name: name ?? null,
      input: JSON.stringify(input),
      schedule: job.schedule,
      time_zone: timeZone,
      missed_runs: missedRuns,
      status: job.status,
      next_run_at: nextRunAt,
      last_run_at: null,
      last_execution_id: null,
      last_error: null,
      created_at: now,
      updated_at: now,
    }),
  );
  await commitOnce(parts, caller, [insert], job);
  parts.wakeJobs();
  return job;
}

function checkName(name: string | undefined): void {
  if (name === undefined || (name.length > 0 && name.length <= longestName)) return;
  throw new RunyardError("invalid_field_value", `"name" must have 1 to ${longestName} characters.`, { param: "name" });
}
