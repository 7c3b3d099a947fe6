import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newId } from "../../src/contract/ids.ts";
import type { Job } from "../../src/contract/job.ts";
import type { Program } from "../../src/engine/program.ts";
import { cancelJob } from "../../src/operations/cancel-job.ts";
import { createAgent } from "../../src/operations/create-agent.ts";
import { createJob, type JobRequest } from "../../src/operations/create-job.ts";
import { deleteAgent } from "../../src/operations/delete-agent.ts";
import { deleteJob } from "../../src/operations/delete-job.ts";
import { JobScheduler } from "../../src/operations/fire-jobs.ts";
import { getExecution } from "../../src/operations/get-execution.ts";
import { getJob } from "../../src/operations/get-job.ts";
import { listJobs } from "../../src/operations/list-jobs.ts";
import { updateAgent } from "../../src/operations/update-agent.ts";
import { updateJob } from "../../src/operations/update-job.ts";
import { databaseKinds } from "../support/test-database.ts";
import {
  chatDefinition,
  failure,
  newestFirst,
  startTestOperations,
  type TestOperations,
  withKey,
} from "./test-operations.ts";

const minute = 60_000;
const hour = 60 * minute;

/** Ends at once, but for an input of `wait`, which goes on until somebody lets it go. */
let letGo: () => void = () => {};
const program: Program = async (ctx, input) => {
  const text = JSON.stringify(input);
  if (text.includes("wait")) {
    await new Promise<void>((resolve) => {
      letGo = resolve;
      ctx.signal.addEventListener("abort", () => resolve(), { once: true });
    });
    ctx.signal.throwIfAborted();
  }
  return "done";
};

describe.each(databaseKinds)("jobs on %s", (kind) => {
  let operations: TestOperations;
  beforeAll(async () => {
    operations = await startTestOperations(kind, { programs: { chat: program }, run: true });
  });
  afterAll(async () => operations[Symbol.asyncDispose]());

  const scheduler = (): JobScheduler => new JobScheduler({ parts: operations.parts });
  /** One look at what is due. */
  async function fire(): Promise<void> {
    await using one = scheduler();
    one.wake();
    await one.settled();
  }
  async function agent(): Promise<string> {
    return (await createAgent(operations.parts, operations.first, chatDefinition())).id;
  }
  async function job(request: Partial<JobRequest> = {}): Promise<Job> {
    const agentId = request.agentId ?? (await agent());
    return createJob(operations.parts, operations.first, { agentId, input: { message: "go" }, ...request });
  }
  const read = (id: string): Promise<Job> => getJob(operations.parts, operations.first, id);
  async function ended(id: string): Promise<string> {
    const { lastExecution } = await read(id);
    if (lastExecution === undefined) throw new Error("the job has started nothing");
    await operations.engine.end(lastExecution.id);
    return (await getExecution(operations.parts, operations.first, lastExecution.id)).status;
  }

  test("without a schedule runs once, at once", async () => {
    const wakes = operations.jobWakes;
    const { id, ...made } = await job();
    expect(made).toMatchObject({
      status: "active",
      schedule: null,
      timeZone: "UTC",
      missedRuns: "once",
      userId: "local_dev",
    });
    expect(operations.jobWakes).toBe(wakes + 1);
    await fire();
    await fire();
    expect(await read(id)).toMatchObject({
      status: "completed",
      nextRunAt: null,
      runCount: 1,
      lastRunAt: operations.time,
    });
    expect(await ended(id)).toBe("completed");
  });

  test("with a schedule runs at each of its times, in its zone, and at no other", async () => {
    const { id, nextRunAt } = await job({ schedule: "0 9 * * *", timeZone: "America/New_York", name: "Morning" });
    expect(new Date(nextRunAt ?? 0).toISOString()).toBe("2026-03-15T13:00:00.000Z");
    await fire();
    expect(await read(id)).toMatchObject({ runCount: 0, name: "Morning" });
    for (const count of [1, 2, 3]) {
      operations.time = (await read(id)).nextRunAt ?? 0;
      await fire();
      await ended(id);
      expect(await read(id)).toMatchObject({
        runCount: count,
        status: "active",
        nextRunAt: operations.time + 24 * hour,
      });
    }
  });

  test("uses each of its times once, whoever looks at it at the same moment", async () => {
    const { id } = await job({ schedule: "* * * * *" });
    operations.time += minute;
    await Promise.all([fire(), fire(), fire(), fire()]);
    await ended(id);
    const { runCount } = await read(id);
    expect(runCount).toBe(1);
  });

  test.each([
    ["once", 1],
    ["skip", 0],
  ] as const)("makes up for missed times by its policy %s", async (missedRuns, runs) => {
    const { id } = await job({ schedule: "0 * * * *", missedRuns });
    operations.time += 5 * hour;
    await fire();
    const after = await read(id);
    expect(after.runCount).toBe(runs);
    expect(after.nextRunAt).toBeGreaterThan(operations.time);
    expect(after.nextRunAt).toBeLessThanOrEqual(operations.time + hour);
    if (runs === 1) await ended(id);
  });

  test("is not skipped for coming a little late", async () => {
    const { id, nextRunAt } = await job({ schedule: "0 * * * *", missedRuns: "skip" });
    operations.time = (nextRunAt ?? 0) + minute;
    await fire();
    expect(await read(id)).toMatchObject({ runCount: 1 });
    await ended(id);
  });

  test("notes what could not be started, and goes on", async () => {
    const agentId = await agent();
    const { id } = await job({ agentId, schedule: "* * * * *" });
    await updateAgent(operations.parts, operations.first, agentId, { status: "paused" });
    operations.time += minute;
    await fire();
    expect(await read(id)).toMatchObject({ status: "active", runCount: 0, lastError: { code: "agent_paused" } });
    await updateAgent(operations.parts, operations.first, agentId, { status: "active" });
    operations.time += minute;
    await fire();
    await ended(id);
    expect(await read(id)).toMatchObject({ status: "active", runCount: 1, lastError: undefined });
    await deleteAgent(operations.parts, operations.first, agentId);
    operations.time += minute;
    await fire();
    expect(await read(id)).toMatchObject({ status: "active", lastError: { code: "agent_not_found" } });
  });

  test("that was to run once and could not has failed", async () => {
    const agentId = await agent();
    const { id } = await job({ agentId });
    await deleteAgent(operations.parts, operations.first, agentId);
    await fire();
    expect(await read(id)).toMatchObject({ status: "failed", nextRunAt: null, lastError: { code: "agent_not_found" } });
  });

  test("leaves out a run while the one before goes on", async () => {
    const { id } = await job({ schedule: "* * * * *", input: { message: "wait" } });
    for (const _ of [1, 2]) {
      operations.time += minute;
      await fire();
    }
    expect(await read(id)).toMatchObject({ runCount: 1, lastError: { code: "job_busy" } });
    letGo();
    expect(await ended(id)).toBe("completed");
    operations.time += minute;
    await fire();
    expect(await read(id)).toMatchObject({ runCount: 2 });
    letGo();
    await ended(id);
  });

  test("rests while it is paused, and goes on with the next time", async () => {
    const { parts, first } = operations;
    const { id } = await job({ schedule: "0 * * * *" });
    expect(await updateJob(parts, first, id, { status: "paused" })).toMatchObject({
      status: "paused",
      nextRunAt: null,
    });
    operations.time += 3 * hour;
    await fire();
    const resumed = await updateJob(parts, first, id, { status: "active" });
    expect(resumed).toMatchObject({ status: "active", runCount: 0 });
    expect(resumed.nextRunAt).toBeGreaterThan(operations.time);
    expect(await updateJob(parts, first, id, { status: "active" })).toEqual(await read(id));
    await cancelJob(parts, first, id);
    await expect(updateJob(parts, first, id, { status: "active" })).rejects.toThrow(failure("job_ended"));
  });

  test("that is cancelled takes its running execution along, and stays to be read", async () => {
    const { parts, first } = operations;
    const { id } = await job({ schedule: "* * * * *", input: { message: "wait" } });
    operations.time += minute;
    await fire();
    const cancelled = await cancelJob(parts, first, id);
    expect(cancelled).toMatchObject({ status: "cancelled", nextRunAt: null, lastExecution: { status: "cancelled" } });
    expect(await cancelJob(parts, first, id)).toEqual(cancelled);
    operations.time += minute;
    await fire();
    expect(await read(id)).toMatchObject({ runCount: 1 });
  });

  test("that has come to its end by itself is not cancelled", async () => {
    const { id } = await job();
    await fire();
    await ended(id);
    expect(await cancelJob(operations.parts, operations.first, id)).toMatchObject({ status: "completed" });
  });

  test("is gone once it is deleted; its execution is not", async () => {
    const { parts, first } = operations;
    const { id } = await job();
    await fire();
    const { lastExecution } = await read(id);
    await deleteJob(parts, first, id);
    await expect(read(id)).rejects.toThrow(failure("job_not_found"));
    await expect(deleteJob(parts, first, id)).rejects.toThrow(failure("job_not_found"));
    expect(await getExecution(parts, first, lastExecution?.id ?? "")).toMatchObject({ id: lastExecution?.id });
  });

  test("is listed newest first, by agent and in pages", async () => {
    const { parts, first } = operations;
    const agentId = await agent();
    const made = [];
    for (const _ of [1, 2, 3]) made.unshift((await job({ agentId, schedule: "@yearly" })).id);
    const { items } = await listJobs(parts, first, { agentId }, newestFirst);
    expect(items.map(({ id }) => id)).toEqual(made);
    const page = await listJobs(parts, first, { agentId }, { limit: 1, offset: 1 });
    expect([page.items[0]?.id, page.hasMore]).toEqual([made[1], true]);
    const after = await listJobs(parts, first, { agentId }, { limit: 5, after: made[0] ?? "" });
    expect(after.items.map(({ id }) => id)).toEqual(made.slice(1));
  });

  test("with a schedule, a zone, a name or an agent that is none is refused", async () => {
    await expect(job({ schedule: "every day" })).rejects.toThrow(failure("invalid_field_value", "schedule"));
    await expect(job({ timeZone: "Mars/Base" })).rejects.toThrow(failure("invalid_field_value", "timeZone"));
    await expect(job({ name: "" })).rejects.toThrow(failure("invalid_field_value", "name"));
    await expect(job({ userId: "u".repeat(300) })).rejects.toThrow(failure("invalid_field_value", "userId"));
    await expect(job({ agentId: newId() })).rejects.toThrow(failure("agent_not_found"));
  });

  test("belongs to its organization, and needs a key that may execute", async () => {
    const { parts, first } = operations;
    const stranger = await operations.stranger();
    const { id, agentId } = await job({ schedule: "@yearly" });
    for (const call of [getJob, deleteJob, cancelJob]) {
      await expect(call(parts, stranger, id)).rejects.toThrow(failure("job_not_found"));
    }
    await expect(updateJob(parts, stranger, id, { status: "paused" })).rejects.toThrow(failure("job_not_found"));
    expect((await listJobs(parts, stranger, {}, newestFirst)).items).toEqual([]);
    await expect(createJob(parts, stranger, { agentId, input: {} })).rejects.toThrow(failure("agent_not_found"));
    const reader = { ...first, scopes: new Set(["agents:read"] as const) };
    expect(await getJob(parts, reader, id)).toMatchObject({ id });
    for (const call of [deleteJob, cancelJob]) {
      await expect(call(parts, reader, id)).rejects.toThrow(failure("insufficient_scope"));
    }
    const nobody = { ...first, scopes: new Set(["analytics:read"] as const) };
    await expect(getJob(parts, nobody, id)).rejects.toThrow(failure("insufficient_scope"));
  });

  test("is made once for one idempotency key", async () => {
    const { parts, first } = operations;
    const agentId = await agent();
    const caller = withKey(first, "job-key", () => ({}));
    await createJob(parts, caller, { agentId, input: {}, schedule: "@yearly" });
    await expect(createJob(parts, caller, { agentId, input: {}, schedule: "@yearly" })).rejects.toThrow(
      failure("idempotency_in_progress"),
    );
    expect((await listJobs(parts, first, { agentId }, newestFirst)).items).toHaveLength(1);
  });
});

describe.each(databaseKinds)("a job whose server dies on %s", (kind) => {
  test("has neither lost its time nor used it twice", async () => {
    await using operations = await startTestOperations(kind, { programs: { chat: program }, run: true });
    const { parts, first } = operations;
    const { id: agentId } = await createAgent(parts, first, chatDefinition());
    const { id } = await createJob(parts, first, { agentId, input: { message: "go" }, schedule: "0 * * * *" });
    operations.time += hour;
    // Dies with the unit on its way: whatever of it is stored, all of it is. What it still waits for never comes.
    const dying = new JobScheduler({ parts: { ...parts } });
    dying.wake();
    await operations.engine.crash();
    void dying[Symbol.asyncDispose]();
    await using scheduler = new JobScheduler({ parts });
    scheduler.wake();
    await scheduler.settled();
    const { runCount, lastExecution } = await getJob(parts, first, id);
    expect(runCount).toBe(1);
    await operations.engine.end(lastExecution?.id ?? "");
    expect(await operations.count("execution")).toBe(1);
  });
});
