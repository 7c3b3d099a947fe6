import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { readId } from "../../../src/contract/ids.ts";
import { jobSchema, type WireJob } from "../../../src/http/dialects/charm/schemas/job.ts";
import { bodyOf, type CharmApi, detailOf, problemsOf } from "./charm-api.ts";
import { type CharmPlatform, startCharmPlatform } from "./charm-platform.ts";

let charm: CharmPlatform;
let stranger: CharmApi;
let agentId: string;
beforeAll(async () => {
  charm = await startCharmPlatform();
  stranger = await charm.stranger();
  agentId = await chatAgent();
});
afterAll(() => charm[Symbol.asyncDispose]());

const path = "/charm/v1/jobs";
const agentSchema = z.looseObject({ id: z.string() });

/** An agent whose runs end by themselves, made natively and called by the plain form of its id. */
async function chatAgent(): Promise<string> {
  const fields = { name: "Worker", model: "scripted/model", systemPrompt: "You work." };
  const { id } = bodyOf(await charm.api.post("/v1/agents", fields), 201, agentSchema);
  return readId("agent", id) ?? "";
}

async function create(fields: object = {}): Promise<WireJob> {
  const answer = await charm.api.post(path, { agent_id: agentId, input_payload: { message: "go" }, ...fields });
  return bodyOf(answer, 201, jobSchema);
}

async function read(id: string): Promise<WireJob> {
  return bodyOf(await charm.api.get(`${path}/${id}`), 200, jobSchema);
}

/** Reads the job again until it is so; the test's own time limit ends a wait that is in vain. */
async function until(id: string, isSo: (job: WireJob) => boolean): Promise<WireJob> {
  for (;;) {
    const job = await read(id);
    if (isSo(job)) return job;
  }
}

describe("creating a job", () => {
  it("without a schedule runs the agent once, at once, and names the run", async () => {
    const made = await create({ name: "Once" });
    expect(made).toMatchObject({
      job_id: made.id,
      agent_id: agentId,
      user_id: "local_dev",
      name: "Once",
      input_payload: { message: "go" },
      schedule: null,
      timezone: "UTC",
      missed_runs: "once",
    });
    const ended = await until(made.id, ({ status }) => status === "success");
    expect(ended).toMatchObject({ run_count: 1, next_run_at: null, error_message: null });
    const run = await charm.api.get(`/charm/v1/runs/${ended.last_run_id}`);
    expect(run.status, run.text).toBe(200);
    expect(run.body).toMatchObject({ run_id: ended.last_run_id, agent_id: agentId, status: "success" });
  });

  it("with a schedule waits for its time, and runs at it", async () => {
    const yearly = await create({ schedule: "0 9 1 1 *", timezone: "Europe/Berlin", missed_runs: "skip" });
    expect(yearly).toMatchObject({ status: "pending", run_count: 0, timezone: "Europe/Berlin", missed_runs: "skip" });
    expect(yearly.next_run_at).toMatch(/-01-01T08:00:00\.000Z$/);
    const { id } = await create({ schedule: "* * * * * *" });
    await until(id, ({ run_count: count }) => count >= 2);
    await charm.api.delete(`${path}/${id}`);
  });

  it("runs for the user that is named", async () => {
    expect(await create({ user_id: "u-7", schedule: "@yearly" })).toMatchObject({ user_id: "u-7" });
    expect(await create({ user_id: "me", schedule: "@yearly" })).toMatchObject({
      user_id: charm.platform.organizationId,
    });
  });

  it("tells all problems of a body at once, and refuses a schedule or a zone that is none", async () => {
    const wrong = { agent_id: 1, input_payload: null, schedule: 5, timezone: [] };
    expect(problemsOf(await charm.api.post(path, wrong))).toEqual([
      "body.agent_id string_type",
      "body.input_payload dict_type",
      "body.schedule string_type",
      "body.timezone string_type",
    ]);
    expect(problemsOf(await charm.api.post(path))).toEqual(["body missing"]);
    const post = (fields: object) => charm.api.post(path, { agent_id: agentId, ...fields });
    expect(problemsOf(await post({ schedule: "often" }))).toEqual(["body.schedule value_error"]);
    expect(problemsOf(await post({ schedule: "0 0 30 2 *" }))).toEqual(["body.schedule value_error"]);
    expect(problemsOf(await post({ schedule: "@daily", timezone: "Mars/Base" }))).toEqual([
      "body.timezone value_error",
    ]);
    expect(problemsOf(await post({ missed_runs: "all" }))).toEqual(["body.missed_runs value_error"]);
    expect(detailOf(await charm.api.post(path, { agent_id: randomUUID() }), 404)).toContain("agent");
    expect(detailOf(await charm.api.post(path, { agent_id: "nobody" }), 404)).toContain("nobody");
  });

  it("ignores fields that nobody knows and takes null for an optional one", async () => {
    expect(await create({ schedule: "@yearly", name: null, unknown: { a: 1 } })).toMatchObject({ name: null });
  });

  it("says why a run could not be started", async () => {
    const paused = await chatAgent();
    bodyOf(await charm.api.patch(`/charm/v1/agents/${paused}`, { is_active: false }), 200, agentSchema);
    const { id } = await create({ agent_id: paused });
    const failed = await until(id, ({ status }) => status === "error");
    expect(failed).toMatchObject({ run_count: 0, last_run_id: null });
    expect(failed.error_message).toContain("paused");
    expect(failed.error_message).toContain(paused);
  });
});

describe("listing and reading jobs", () => {
  it("shows the newest first, in pages, and never refuses a number", async () => {
    const made = [await create({ schedule: "@yearly" }), await create({ schedule: "@yearly" })];
    const list = async (query: string) => bodyOf(await charm.api.get(path + query), 200, z.array(jobSchema));
    expect((await list("?limit=2")).map(({ id }) => id)).toEqual(made.map(({ id }) => id).toReversed());
    expect((await list("?limit=1&offset=1")).map(({ id }) => id)).toEqual([made[0]?.id]);
    expect(await list("?limit=-1&offset=-5")).toHaveLength(1);
    expect(problemsOf(await charm.api.get(`${path}?limit=many`))).toEqual(["query.limit int_parsing"]);
    expect(await read(made[0]?.id ?? "")).toEqual(made[0]);
  });

  it("knows no other ids", async () => {
    for (const id of [randomUUID(), "nonsense", "..%2f"]) detailOf(await charm.api.get(`${path}/${id}`), 404);
  });
});

describe("cancelling and deleting a job", () => {
  const cancelled = jobSchema.extend({ success: z.boolean() });

  it("cancels the run that is under way, keeps the job, and can be repeated", async () => {
    charm.platform.model.once([{ type: "text", text: ["a"] }, { type: "stall" }]);
    const { id } = await create();
    const { last_run_id: runId } = await until(id, ({ status }) => status === "running");
    const answer = bodyOf(await charm.api.post(`${path}/${id}/cancel`), 200, cancelled);
    expect(answer).toMatchObject({ success: true, status: "cancelled", last_run_id: runId, next_run_at: null });
    expect((await charm.api.get(`/charm/v1/runs/${runId}`)).body).toMatchObject({ status: "cancelled" });
    expect(bodyOf(await charm.api.post(`${path}/${id}/cancel`), 200, cancelled)).toEqual(answer);
    expect(await read(id)).toMatchObject({ status: "cancelled" });
  });

  it("leaves a job that has ended as it is", async () => {
    const { id } = await create();
    await until(id, ({ status }) => status === "success");
    const answer = bodyOf(await charm.api.post(`${path}/${id}/cancel`), 200, cancelled);
    expect(answer).toMatchObject({ success: false, status: "success" });
  });

  it("removes a job once", async () => {
    const { id } = await create({ schedule: "@yearly" });
    const answer = await charm.api.delete(`${path}/${id}`);
    expect([answer.status, answer.text]).toEqual([204, ""]);
    detailOf(await charm.api.delete(`${path}/${id}`), 404);
    detailOf(await charm.api.get(`${path}/${id}`), 404);
    detailOf(await charm.api.post(`${path}/${id}/cancel`), 404);
  });
});

describe("jobs of others", () => {
  it("do not exist", async () => {
    const { id } = await create({ schedule: "@yearly" });
    detailOf(await stranger.get(`${path}/${id}`), 404);
    detailOf(await stranger.delete(`${path}/${id}`), 404);
    detailOf(await stranger.post(`${path}/${id}/cancel`), 404);
    detailOf(await stranger.post(path, { agent_id: agentId }), 404);
    expect(bodyOf(await stranger.get(path), 200, z.array(jobSchema))).toEqual([]);
    expect(await read(id)).toMatchObject({ status: "pending" });
  });

  it("need a key, and a key that may", async () => {
    const { id } = await create({ schedule: "@yearly" });
    for (const answer of [await charm.nobody.get(path), await charm.nobody.post(path, { agent_id: agentId })]) {
      detailOf(answer, 401);
    }
    const reader = await charm.withScopes("agents:read");
    const runner = await charm.withScopes("agents:execute");
    expect((await reader.get(`${path}/${id}`)).status).toBe(200);
    detailOf(await reader.post(path, { agent_id: agentId }), 403);
    detailOf(await reader.post(`${path}/${id}/cancel`), 403);
    detailOf(await reader.delete(`${path}/${id}`), 403);
    detailOf(await runner.get(path), 403);
    detailOf(await runner.get(`${path}/${id}`), 403);
    expect((await runner.post(`${path}/${id}/cancel`)).status).toBe(200);
  });
});
