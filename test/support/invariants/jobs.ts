import { z } from "zod";
import { readId } from "../../../src/contract/ids.ts";
import { nextTime } from "../../../src/operations/schedule.ts";
import type { Ledgers } from "./ledgers.ts";
import { eventBody } from "./log-rows.ts";
import type { ExecutionRow, JobRow, Snapshot } from "./snapshot.ts";
import type { Violation } from "./violation.ts";

/**
 * I9: each due time of a job starts one execution at most, which the job counts; its executions never overlap; an active
 * job has a time to come, one that ran once is at its end, and a cancelled one starts nothing more. Jobs are told apart by
 * their agent and input, so no two may have the same, and nobody else executes with it.
 */
export function findJobViolations(snapshot: Snapshot, { jobs: notes }: Ledgers, atRest: boolean): Violation[] {
  const violations: Violation[] = [];
  const report = (message: string) => violations.push({ invariant: "I9", message });
  const byInput = groupByInput(snapshot);
  for (const job of snapshot.jobs) {
    checkJob(job, byInput.get(keyOf(job.agentId, job.input)) ?? [], report);
    if (atRest && job.status === "active") report(`job ${job.id} is still active at rest`);
  }
  checkNotes(snapshot, notes, report);
  return violations;
}

const codeInputSchema = z.object({ input: z.record(z.string(), z.unknown()) });
const chatInputSchema = z.object({ input: z.string() });

function groupByInput({ executions }: Snapshot): Map<string, ExecutionRow[]> {
  const groups = new Map<string, ExecutionRow[]>();
  for (const execution of executions.values()) {
    const [queued] = execution.events;
    if (execution.agentId === null || queued?.type !== "execution-queued") continue;
    const { input } = eventBody(queued, "execution-queued");
    const text = chatInputSchema.safeParse(input);
    const key = keyOf(
      execution.agentId,
      text.success ? { message: text.data.input } : codeInputSchema.parse(input).input,
    );
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [execution]);
    else group.push(execution);
  }
  return groups;
}

/** A chat agent is given the message of an input, so that is what is compared. */
function keyOf(agentId: string, input: Record<string, unknown>): string {
  return `${agentId} ${JSON.stringify(input["message"] ?? input)}`;
}

function checkJob(job: JobRow, executions: readonly ExecutionRow[], report: (message: string) => void): void {
  const { id, status, runCount, nextRunAt, schedule } = job;
  if (executions.length !== runCount) {
    report(`job ${id} counts ${runCount} runs, and ${executions.length} executions have its input`);
  }
  if ((status === "active") !== (nextRunAt !== null))
    report(`job ${id} is ${status}, and its next time is ${nextRunAt}`);
  if (schedule === null && status === "completed" && runCount !== 1) {
    report(`job ${id} ran once, is ${status}, and counts ${runCount} runs`);
  }
  const inOrder = executions.toSorted((left, right) => left.createdAt - right.createdAt);
  for (const [index, execution] of inOrder.entries()) {
    const before = inOrder[index - 1];
    if (before !== undefined && execution.createdAt < (before.finishedAt ?? Number.POSITIVE_INFINITY)) {
      report(`job ${id} started ${execution.id} while ${before.id} ran`);
    }
  }
  checkDueTimes(job, inOrder, report);
}

/** By any moment no more executions have been started than due times have passed. */
function checkDueTimes(job: JobRow, inOrder: readonly ExecutionRow[], report: (message: string) => void): void {
  const { id, schedule, timeZone, createdAt } = job;
  let due: number | null = createdAt;
  for (const [index, execution] of inOrder.entries()) {
    if (schedule !== null) due = due === null ? null : nextTime({ expression: schedule, timeZone }, due);
    else if (index > 0) due = null;
    if (due === null || execution.createdAt < due) {
      report(`job ${id} started ${execution.id} as number ${index + 1} at ${execution.createdAt}, due at ${due}`);
      return;
    }
  }
}

function checkNotes({ jobs }: Snapshot, notes: Ledgers["jobs"], report: (message: string) => void): void {
  const byId = new Map(jobs.map((job) => [job.id, job]));
  const byKey = new Map<string, string>();
  for (const note of notes) {
    const job = byId.get(readId("job", note.jobId) ?? "");
    if (job === undefined) {
      report(`${note.jobId} was accepted and is not in the database`);
    } else if (note.type === "cancelled") {
      if (job.status !== "cancelled") report(`job ${job.id} was cancelled and is ${job.status}`);
      if (job.runCount !== note.runCount) {
        report(`job ${job.id} counted ${note.runCount} runs when it was cancelled, and counts ${job.runCount}`);
      }
    } else {
      const before = byKey.get(note.key);
      if (before !== undefined && before !== note.jobId) {
        report(`idempotency key ${note.key} was answered with ${before} and with ${note.jobId}`);
      }
      byKey.set(note.key, note.jobId);
      if (job.organizationId !== note.organizationId) {
        report(`${note.jobId} was given to organization ${note.organizationId} and belongs to ${job.organizationId}`);
      }
    }
  }
}
