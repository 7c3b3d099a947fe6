import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { jobSchema, type WireJob } from "../../../src/http/dialects/native/schemas/job.ts";
import { deletedSchema, pageSchema } from "../../../src/http/dialects/native/schemas/page.ts";
import { bodyOf, createAgent, errorOf, nativeApi, untilEnd } from "./native-api.ts";
import { type NativePlatform, startNativePlatform } from "./native-platform.ts";

let native: NativePlatform;
let agentId: string;
beforeAll(async () => {
  native = await startNativePlatform();
  agentId = (await createAgent(native.api)).id;
});
afterAll(() => native[Symbol.asyncDispose]());

const create = async (fields: object = {}): Promise<WireJob> =>
  bodyOf(await native.api.post("/v1/jobs", { agentId, input: { message: "go" }, ...fields }), 201, jobSchema);
const read = async (id: string): Promise<WireJob> => bodyOf(await native.api.get(`/v1/jobs/${id}`), 200, jobSchema);

/** Reads the job again until it is so; the test's own time limit ends a wait that is in vain. */
async function until(id: string, isSo: (job: WireJob) => boolean): Promise<WireJob> {
  for (;;) {
    const job = await read(id);
    if (isSo(job)) return job;
  }
}

describe("jobs", () => {
  it("run at once without a schedule, and name their execution", async () => {
    const made = await create({ name: "Once" });
    expect(made).toMatchObject({ agentId, name: "Once", timeZone: "UTC", missedRuns: "once", runCount: 0 });
    expect(made.id).toMatch(/^job_/);
    const { lastExecution } = await until(made.id, ({ status }) => status === "completed");
    expect(await untilEnd(native.api, lastExecution?.id ?? "")).toMatchObject({
      status: "completed",
      input: "go",
      output: "You said: go",
    });
  });

  it("run at each time of their schedule until they are paused, and again when they are active", async () => {
    const { id } = await create({ schedule: "* * * * * *", timeZone: "Asia/Tokyo" });
    await until(id, ({ runCount }) => runCount >= 1);
    const paused = bodyOf(await native.api.patch(`/v1/jobs/${id}`, { status: "paused" }), 200, jobSchema);
    expect(paused.status).toBe("paused");
    expect(paused.nextRunAt).toBeUndefined();
    const { runCount } = await read(id);
    bodyOf(await native.api.patch(`/v1/jobs/${id}`, { status: "active" }), 200, jobSchema);
    await until(id, (job) => job.runCount > runCount);
    expect(bodyOf(await native.api.delete(`/v1/jobs/${id}`), 200, deletedSchema("job"))).toEqual({ id, deleted: true });
    expect(errorOf(await native.api.get(`/v1/jobs/${id}`), 404).code).toBe("job_not_found");
  });

  it("are listed newest first, by agent and page by page", async () => {
    const other = (await createAgent(native.api)).id;
    const made = [];
    for (const _ of [1, 2, 3]) made.unshift((await create({ agentId: other, schedule: "@yearly" })).id);
    const list = async (query: string) =>
      bodyOf(await native.api.get(`/v1/jobs?agentId=${other}${query}`), 200, pageSchema(jobSchema));
    const first = await list("&limit=2");
    expect([first.data.map(({ id }) => id), first.hasMore]).toEqual([made.slice(0, 2), true]);
    const second = await list(`&limit=2&after=${first.nextCursor}`);
    expect([second.data.map(({ id }) => id), second.hasMore]).toEqual([made.slice(2), false]);
    const none = bodyOf(await native.api.get("/v1/jobs?agentId=nobody"), 200, pageSchema(jobSchema));
    expect(none.data).toEqual([]);
  });

  it("refuse what they cannot do", async () => {
    const post = (fields: object) => native.api.post("/v1/jobs", { agentId, input: {}, ...fields });
    expect(errorOf(await native.api.post("/v1/jobs", { agentId }), 400).param).toBe("input");
    expect(errorOf(await post({ schedule: "often" }), 400).param).toBe("schedule");
    expect(errorOf(await post({ timeZone: "Mars/Base" }), 400).param).toBe("timeZone");
    expect(errorOf(await post({ missedRuns: "all" }), 400).param).toBe("missedRuns");
    expect(errorOf(await post({ agentId: "agt_none" }), 404).param).toBe("agentId");
    const { id } = await create();
    await until(id, ({ status }) => status === "completed");
    expect(errorOf(await native.api.patch(`/v1/jobs/${id}`, { status: "paused" }), 409).code).toBe("job_ended");
    expect(errorOf(await native.api.patch(`/v1/jobs/${id}`, { status: "done" }), 400).param).toBe("status");
  });

  it("belong to their organization, and need the scope", async () => {
    const { id } = await create({ schedule: "@yearly" });
    const stranger = nativeApi(native.api.url, (await native.platform.newOrganization()).key);
    for (const answer of [
      await stranger.get(`/v1/jobs/${id}`),
      await stranger.patch(`/v1/jobs/${id}`, { status: "paused" }),
      await stranger.delete(`/v1/jobs/${id}`),
    ]) {
      expect(errorOf(answer, 404).code).toBe("job_not_found");
    }
    expect(errorOf(await stranger.post("/v1/jobs", { agentId, input: {} }), 404).code).toBe("agent_not_found");
    const answer = await native.api.post("/v1/keys", { name: "Reader", environment: "live", scopes: ["agents:read"] });
    const reader = nativeApi(native.api.url, (answer.body as { key: string }).key);
    expect((await reader.get(`/v1/jobs/${id}`)).status).toBe(200);
    errorOf(await reader.post("/v1/jobs", { agentId, input: {} }), 403);
    errorOf(await reader.patch(`/v1/jobs/${id}`, { status: "paused" }), 403);
    errorOf(await reader.delete(`/v1/jobs/${id}`), 403);
  });

  it("are made once for one idempotency key", async () => {
    const body = { agentId, input: {}, schedule: "@yearly" };
    const headers = { "idempotency-key": "the-same-job" };
    const first = bodyOf(await native.api.post("/v1/jobs", body, headers), 201, jobSchema);
    expect(bodyOf(await native.api.post("/v1/jobs", body, headers), 201, jobSchema)).toEqual(first);
  });
});
