import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import { readId } from "../../src/contract/ids.ts";
import type { Executor } from "./executor.ts";
import type { Random } from "./random.ts";
import type { Tenant } from "./tenants.ts";

export const jobScenarios = ["job", "job", "schedule"] as const;
export type JobScenario = (typeof jobScenarios)[number];

const everySecond = "* * * * * *";
/** More of them at once would leave the machine to do nothing else. */
const maxSchedules = 2;

const jobSchema = z.object({
  id: z.string(),
  status: z.enum(["active", "paused", "completed", "failed", "cancelled"]),
  runCount: z.int(),
  lastExecution: z.object({ id: z.string() }).optional(),
});
type ShownJob = z.infer<typeof jobSchema>;

/** As the Charm wire shows a job that was cancelled. */
const cancelledSchema = z.object({ success: z.boolean() });

/** Jobs that run once, and jobs on a schedule that are cancelled after a few runs. Each has a user of its own. */
export class JobLoad {
  readonly #executor: Executor;
  readonly #random: Random;
  #schedules = 0;
  #standing: { tenant: Tenant; id: string }[] = [];

  constructor(executor: Executor, random: Random) {
    this.#executor = executor;
    this.#random = random;
  }

  async play(tenant: Tenant, scenario: JobScenario): Promise<void> {
    if (scenario === "job" || this.#schedules >= maxSchedules) return this.#once(tenant);
    this.#schedules += 1;
    try {
      await this.#onSchedule(tenant);
    } finally {
      this.#schedules -= 1;
    }
  }

  async beginStanding(tenant: Tenant): Promise<void> {
    const job = await this.#create(tenant, tenant.code.pythonAgain, everySecond);
    this.#standing.push({ tenant, id: job.id });
  }

  async endStanding(): Promise<void> {
    for (const { tenant, id } of this.#standing) {
      const { runCount } = await this.#get(tenant, id);
      await this.#until(tenant, id, (job) => job.runCount > runCount);
      await this.#cancel(tenant, id);
    }
    this.#standing = [];
  }

  async #once(tenant: Tenant): Promise<void> {
    const { code, agents } = tenant;
    const agentId = this.#random.pick([code.pythonOnce, code.pythonAgain, code.nodeAgain, agents.plain]);
    const { id } = await this.#create(tenant, agentId);
    const job = await this.#until(tenant, id, ({ status }) => status !== "active");
    if (job.status !== "completed") this.#executor.client.complaints.push(`job ${id}: ${JSON.stringify(job)}`);
    await this.#follow(tenant, job);
  }

  async #onSchedule(tenant: Tenant): Promise<void> {
    const { code, agents } = tenant;
    const agentId = this.#random.pick([code.pythonOnce, code.nodeAgain, agents.plain]);
    const { id } = await this.#create(tenant, agentId, everySecond);
    const wanted = this.#random.whole(1, 4);
    await this.#until(tenant, id, ({ runCount }) => runCount >= wanted);
    await this.#cancel(tenant, id);
  }

  async #create(tenant: Tenant, agentId: string, schedule?: string): Promise<ShownJob> {
    const { client } = this.#executor;
    const note = this.#executor.newNote();
    const key = this.#executor.newKey();
    const answer = await client.call(tenant.key, {
      method: "POST",
      path: "/v1/jobs",
      body: { agentId, input: { note, message: `Say ${note}` }, userId: `user-${note}`, schedule },
      headers: { "idempotency-key": key },
    });
    if (answer.status !== 201) throw new Error(`POST /v1/jobs: ${answer.status} ${JSON.stringify(answer.body)}`);
    const job = jobSchema.parse(answer.body);
    client.jobNotes.push({ type: "accepted", jobId: job.id, organizationId: tenant.organizationId, key });
    return job;
  }

  async #get(tenant: Tenant, id: string): Promise<ShownJob> {
    const answer = await this.#executor.client.call(tenant.key, { method: "GET", path: `/v1/jobs/${id}` });
    return jobSchema.parse(answer.body);
  }

  async #until(tenant: Tenant, id: string, isSo: (job: ShownJob) => boolean): Promise<ShownJob> {
    const patience = AbortSignal.timeout(patienceMs);
    for (;;) {
      const job = await this.#get(tenant, id);
      if (isSo(job)) return job;
      if (patience.aborted) throw new Error(`job ${id} did not go on within ${patienceMs} ms: ${JSON.stringify(job)}`);
      await pause(100);
    }
  }

  /** Through the wire that can; from then on it may not run any more. */
  async #cancel(tenant: Tenant, id: string): Promise<void> {
    const { client } = this.#executor;
    const path = `/charm/v1/jobs/${readId("job", id)}/cancel`;
    let answer = await client.call(tenant.key, { method: "POST", path });
    // A server that is stopping says so in this wire's own words.
    while (answer.status === 503) answer = await client.call(tenant.key, { method: "POST", path });
    if (cancelledSchema.safeParse(answer.body).data?.success !== true) {
      client.complaints.push(`cancel job ${id}: ${answer.status} ${JSON.stringify(answer.body)}`);
      return;
    }
    const job = await this.#get(tenant, id);
    client.jobNotes.push({ type: "cancelled", jobId: id, runCount: job.runCount });
    await this.#follow(tenant, job);
  }

  async #follow(tenant: Tenant, { lastExecution }: ShownJob): Promise<void> {
    if (lastExecution === undefined) return;
    await this.#executor.followThrough(tenant, { executionId: lastExecution.id, status: "running" });
  }
}

/** As for a call: a server may die many times before a job has had its turn. */
const patienceMs = 180_000;
