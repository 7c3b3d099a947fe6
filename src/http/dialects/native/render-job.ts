import { spellId } from "../../../contract/ids.ts";
import type { Job } from "../../../contract/job.ts";
import { wireStatus } from "./render-execution.ts";
import type { WireJob } from "./schemas/job.ts";
import { renderTime } from "./time.ts";

export function renderJob(job: Job): WireJob {
  const { lastExecution, lastError } = job;
  return {
    id: spellId("job", job.id),
    agentId: spellId("agent", job.agentId),
    userId: job.userId,
    ...(job.name !== undefined && { name: job.name }),
    input: job.input,
    ...(job.schedule !== null && { schedule: job.schedule }),
    timeZone: job.timeZone,
    missedRuns: job.missedRuns,
    status: job.status,
    ...(job.nextRunAt !== null && { nextRunAt: renderTime(job.nextRunAt) }),
    ...(job.lastRunAt !== null && { lastRunAt: renderTime(job.lastRunAt) }),
    ...(lastExecution !== undefined && {
      lastExecution: {
        id: spellId("execution", lastExecution.id),
        status: wireStatus({ status: lastExecution.status, toolCalls: [] }),
      },
    }),
    runCount: job.runCount,
    ...(lastError !== undefined && { lastError }),
    createdAt: renderTime(job.createdAt),
    updatedAt: renderTime(job.updatedAt),
  };
}
