import { errorFact, type ErrorFact, RunyardError } from "../contract/errors.ts";
import { isTerminalStatus } from "../contract/execution.ts";
import { type Id, spellId } from "../contract/ids.ts";
import type { Job, JobStatus } from "../contract/job.ts";
import { type Database, toStatement } from "../store/database.ts";
import { prepared } from "../store/prepared.ts";
import { StoreUnavailable } from "../store/statement.ts";
import { executeAgent } from "./execute-agent.ts";
import { readJob, selectJobs } from "./job-row.ts";
import { Lookout } from "./lookout.ts";
import type { Caller } from "./operations.ts";
import { organizationColumns, readOrganization } from "./organization-row.ts";
import { nextTime } from "./schedule.ts";

const batchSize = 100;
/** The timer is set to the next time there is; this long at most between two looks, as a net under it. */
const netMs = 60_000;
/** A run that can begin only this long after its time was missed. */
const missedAfterMs = 60_000;

export interface JobSchedulerOptions {
  parts: Parameters<typeof executeAgent>[0];
  /** Something failed that is no matter of the job; the scheduler goes on by itself. */
  onFailed?: (error: unknown) => void;
}

/**
 * Starts the executions of jobs when their time has come. The start and the job's step to its next time are one unit,
 * conditional on the time that the job had: each time is used once, whatever dies in between and however many processes
 * look at the same job.
 *
 * What cannot be started (the agent is paused or gone, the quota is used up, the run before still goes on) is noted on the
 * job, and its schedule goes on.
 *
 * Call `wake` at the start and after every commit that may have given a job a new time.
 */
export class JobScheduler implements AsyncDisposable {
  readonly #parts: JobSchedulerOptions["parts"];
  readonly #onFailed: (error: unknown) => void;
  readonly #queries: ReturnType<typeof schedulerQueries>;
  readonly #lookout: Lookout;

  constructor({ parts, onFailed = () => {} }: JobSchedulerOptions) {
    this.#parts = parts;
    this.#onFailed = onFailed;
    this.#queries = schedulerQueries(parts.database);
    this.#lookout = new Lookout({ look: (signal) => this.#fireDue(signal), onFailed });
  }

  /** Looks for due jobs soon. Calls while a look is under way come to one more look. */
  wake(): void {
    this.#lookout.wake();
  }

  /** Resolves when everything that was due at the call has been dealt with. */
  settled(): Promise<void> {
    return this.#lookout.settled();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#lookout[Symbol.asyncDispose]();
  }

  /** @returns how long there is nothing to do, in milliseconds */
  async #fireDue(signal: AbortSignal): Promise<number | undefined> {
    while (!signal.aborted) {
      const query = selectJobs(this.#parts.database)
        .where("job.next_run_at", "<=", this.#parts.now())
        .orderBy("job.next_run_at")
        .limit(batchSize);
      const rows = await this.#parts.database.read(toStatement(query));
      const outcomes = await Promise.allSettled(rows.map((row) => this.#fire(readJob(row))));
      const failed = outcomes.find((outcome) => outcome.status === "rejected");
      if (failed !== undefined) throw failed.reason;
      if (rows.length < batchSize) return await this.#restMs();
    }
  }

  async #restMs(): Promise<number> {
    const [row] = await this.#parts.database.read(this.#queries.first({}));
    const at = row?.["at"];
    return typeof at === "number" ? Math.min(netMs, Math.max(1, at - this.#parts.now())) : netMs;
  }

  async #fire(job: Job): Promise<void> {
    const { nextRunAt: due } = job;
    if (due === null) return;
    const now = this.#parts.now();
    const next = this.#nextTime(job, Math.max(now, due));
    if (job.schedule !== null && job.missedRuns === "skip" && now - due > missedAfterMs) {
      return this.#pass(job, due, next);
    }
    try {
      refuseOverlap(job);
      await this.#start(job, due, next);
    } catch (error) {
      if (error instanceof Overtaken) return;
      if (error instanceof StoreUnavailable) throw error; // it may have been started; the next look tells
      if (!(error instanceof RunyardError)) this.#onFailed(error);
      await this.#pass(job, due, next, errorFact(error));
    }
  }

  /** Null also for a schedule that a newer release has written and this one cannot read. */
  #nextTime({ schedule, timeZone }: Job, from: number): number | null {
    if (schedule === null) return null;
    try {
      return nextTime({ expression: schedule, timeZone }, from);
    } catch (error) {
      this.#onFailed(error);
      return null;
    }
  }

  async #start(job: Job, due: number, next: number | null): Promise<void> {
    const caller = await this.#callerOf(job);
    const status: JobStatus = next === null ? "completed" : "active";
    const request = { input: job.input, conversationAlias: null, code: { userId: job.userId } };
    await executeAgent(this.#parts, caller, job.agentId, request, (executionId) => [
      {
        statement: this.#queries.fired(
          { id: job.id, due, next, status, executionId, now: this.#parts.now() },
          { expectsRow: true },
        ),
        refused: () => new Overtaken(),
      },
    ]);
  }

  /** The organization itself, with no more than the right to execute. */
  async #callerOf({ id, organizationId }: Job): Promise<Caller> {
    const [row] = await this.#parts.database.read(this.#queries.organization({ id: organizationId }));
    if (row === undefined) throw new RunyardError("organization_not_found", "The job's organization is gone.");
    return { organization: readOrganization(row), keyId: id, scopes: new Set(["agents:execute"]) };
  }

  /** Steps on to the next time without an execution. */
  async #pass(job: Job, due: number, next: number | null, error?: ErrorFact): Promise<void> {
    const status: JobStatus = next !== null ? "active" : error === undefined ? "completed" : "failed";
    const now = this.#parts.now();
    const values = { id: job.id, due, next, status, now };
    const statement =
      error === undefined
        ? this.#queries.passed(values)
        : this.#queries.refused({ ...values, error: JSON.stringify(error) });
    await this.#parts.database.write([statement]);
  }
}

/** Somebody else was faster: another process, or whoever paused, cancelled or deleted the job. */
class Overtaken extends RunyardError {
  constructor() {
    super("edit_conflict", "The job was taken by another.");
  }
}

/** Runs of one job never overlap: then there is at most one to cancel, and a slow agent does not pile them up. */
function refuseOverlap({ lastExecution }: Job): void {
  if (lastExecution === undefined || isTerminalStatus(lastExecution.status)) return;
  throw new RunyardError(
    "job_busy",
    `The run before, ${spellId("execution", lastExecution.id)}, is ${lastExecution.status}; this one is left out.`,
  );
}

type Fired = { id: Id; due: number; next: number | null; status: string; now: number };

function schedulerQueries({ builder }: Database) {
  return {
    first: prepared<Record<string, never>>(() =>
      builder.selectFrom("job").select(({ fn }) => fn.min("next_run_at").as("at")),
    ),
    organization: prepared<{ id: Id }>((p) =>
      builder.selectFrom("organization").select(organizationColumns).where("id", "=", p.id),
    ),
    fired: prepared<Fired & { executionId: Id }>((p) =>
      builder
        .updateTable("job")
        .set((job) => ({
          next_run_at: p.next,
          status: p.status,
          last_run_at: p.now,
          last_execution_id: p.executionId,
          run_count: job("run_count", "+", 1),
          last_error: null,
          updated_at: p.now,
        }))
        .where("id", "=", p.id)
        .where("next_run_at", "=", p.due)
        .returning("id"),
    ),
    refused: prepared<Fired & { error: string }>((p) =>
      builder
        .updateTable("job")
        .set({ next_run_at: p.next, status: p.status, last_run_at: p.now, last_error: p.error, updated_at: p.now })
        .where("id", "=", p.id)
        .where("next_run_at", "=", p.due),
    ),
    passed: prepared<Fired>((p) =>
      builder
        .updateTable("job")
        .set({ next_run_at: p.next, status: p.status, updated_at: p.now })
        .where("id", "=", p.id)
        .where("next_run_at", "=", p.due),
    ),
  };
}
