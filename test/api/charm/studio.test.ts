import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { agentSchema } from "../../../src/http/dialects/charm/schemas/agent.ts";
import { type Answer, bodyOf, type CharmApi, detailOf, problemsOf } from "./charm-api.ts";
import { type CharmPlatform, startCharmPlatform } from "./charm-platform.ts";

let charm: CharmPlatform;
let stranger: CharmApi;
/** A chat agent of the native API: figures are of every runtime. */
let agentId: string;
let conversationId: string;
beforeAll(async () => {
  charm = await startCharmPlatform({ env: { RUNYARD_MODEL_TRIES: "1" } });
  stranger = await charm.stranger();
  const native = { name: "Studied helper", model: "scripted/model", systemPrompt: "You help." };
  const made = bodyOf(await charm.api.post("/v1/agents", native), 201, z.looseObject({ id: z.string() }));
  const first = await run(made.id, "one two three");
  conversationId = first.conversationId;
  await run(made.id, "four five", conversationId);
  await run(made.id, "six");
  const listed = bodyOf(await charm.api.get("/charm/v1/studio/agents"), 200, agentsSchema);
  agentId = listed.agents.find(({ name }) => name === native.name)?.id ?? "";
});
afterAll(() => charm[Symbol.asyncDispose]());

const path = "/charm/v1/studio/agents";
const agentsSchema = z.strictObject({ agents: z.array(agentSchema), total: z.int() });
const executionSchema = z.looseObject({ status: z.literal("completed"), conversationId: z.string() });
const days = <T extends z.ZodType>(name: string, day: T) =>
  z.strictObject({ agent_id: z.string(), period: z.string(), [name]: z.array(day), total: z.int() });
const runsSchema = days(
  "runs",
  z.strictObject({ date: z.iso.date(), count: z.int(), success: z.int(), error: z.int(), cancelled: z.int() }),
);
const installsSchema = days("installs", z.strictObject({ date: z.iso.date(), count: z.int() }));
const distributionSchema = z.strictObject({
  agent_id: z.string(),
  unit: z.string(),
  buckets: z.array(z.strictObject({ min: z.int(), max: z.int().nullable(), count: z.int() })),
  total: z.int(),
  average: z.int().nullable(),
  p50: z.int().nullable(),
  p95: z.int().nullable(),
  max: z.int().nullable(),
});
const usageSchema = z.strictObject({
  agent_id: z.string(),
  usage: z.array(
    z.strictObject({
      run_id: z.string(),
      thread_id: z.string().nullable(),
      user_id: z.string().nullable(),
      version: z.string(),
      status: z.string(),
      input_tokens: z.int(),
      output_tokens: z.int(),
      total_tokens: z.int(),
      tool_calls: z.int(),
      cost_usd: z.number().nullable(),
      duration_ms: z.int().nullable(),
      created_at: z.iso.datetime(),
    }),
  ),
  total: z.int(),
  limit: z.int(),
  offset: z.int(),
});

async function run(id: string, input: string, conversation?: string) {
  const body = { input, ...(conversation !== undefined && { conversationId: conversation }) };
  return bodyOf(await charm.api.post(`/v1/agents/${id}/execute`, body), 200, executionSchema);
}
const figure =
  <T extends z.ZodType>(name: string, schema: T) =>
  async (query = "") =>
    bodyOf(await charm.api.get(`${path}/${agentId}/${name}${query}`), 200, schema);
const figures = [
  "stats",
  "runs",
  "installs",
  "errors",
  "usage-log",
  "token-distribution",
  "latency-distribution",
  "session-depth",
];

describe("the studio", () => {
  it("lists the organization's agents, by name", async () => {
    const id = `agent-${randomUUID()}`;
    bodyOf(await charm.api.post("/charm/v1/agents", { id, user_id: "u", name: "Übersetzer" }), 201, agentSchema);
    const search = async (query: string) => bodyOf(await charm.api.get(path + query), 200, agentsSchema);
    expect(await search("?search=setzer")).toMatchObject({ agents: [{ id, name: "Übersetzer" }], total: 1 });
    expect(await search("?limit=1")).toMatchObject({ agents: [{ id }], total: 2 });
    expect((await search("?search=&limit=0")).agents).toHaveLength(1);
    expect(await search("?search=nobody")).toEqual({ agents: [], total: 0 });
    expect(bodyOf(await stranger.get(path), 200, agentsSchema)).toEqual({ agents: [], total: 0 });
  });

  it("sums up an agent's runs", async () => {
    const stats = await figure("stats", z.looseObject({ total_tokens: z.int() }))();
    expect(stats).toMatchObject({
      agent_id: agentId,
      total_runs: 3,
      success_count: 3,
      error_count: 0,
      running_count: 0,
      success_rate: 1,
      average_duration_ms: expect.any(Number),
      p95_duration_ms: expect.any(Number),
      unique_users: 0,
      total_threads: 2,
      total_installs: 0,
      last_run_at: expect.stringMatching(/Z$/),
    });
    expect(stats.total_tokens).toBeGreaterThan(0);
  });

  it("counts runs by day over a period, nonsense being a week", async () => {
    const runs = figure("runs", runsSchema);
    for (const [query, period, length] of [
      ["", "7d", 7],
      ["?period=30d", "30d", 30],
      ["?period=nonsense", "7d", 7],
      ["?period=all", "all", 1],
    ] as const) {
      const answer = await runs(query);
      expect(answer).toMatchObject({ agent_id: agentId, period, total: 3 });
      expect(answer["runs"]).toHaveLength(length);
    }
  });

  it("counts as an install a user's subscription to the agent, and their first run", async () => {
    const native = { name: "Installed", model: "scripted/model", systemPrompt: "You help." };
    bodyOf(await charm.api.post("/v1/agents", native), 201, z.looseObject({ id: z.string() }));
    const { agents } = bodyOf(await charm.api.get(`${path}?search=Installed`), 200, agentsSchema);
    const id = agents[0]?.id ?? "";
    for (const user_id of ["ann", "bob"]) {
      const answer = await charm.api.post("/charm/v1/billing/subscriptions", { agent_id: id, user_id });
      expect(answer.status, answer.text).toBe(201);
    }
    const installs = bodyOf(await charm.api.get(`${path}/${id}/installs?period=1d`), 200, installsSchema);
    expect(installs).toMatchObject({ period: "1d", total: 2, installs: [{ count: 2 }] });
  });

  it("shows what each run used, newest first", async () => {
    const log = figure("usage-log", usageSchema);
    const { usage, ...page } = await log();
    expect(page).toEqual({ agent_id: agentId, total: 3, limit: 20, offset: 0 });
    expect(usage[0]).toMatchObject({ status: "success", user_id: null });
    expect(usage[1]?.thread_id).toBe(usage[2]?.thread_id);
    expect((await log("?limit=1&offset=2")).usage).toEqual(usage.slice(2));
    expect((await log("?limit=-1&offset=99999999999999999999")).usage).toEqual([]);
  });

  it("shows how tokens, latencies and threads are spread", async () => {
    const tokens = await figure("token-distribution", distributionSchema)();
    expect(tokens).toMatchObject({ unit: "tokens", total: 3 });
    expect(tokens.buckets.reduce((sum, { count }) => sum + count, 0)).toBe(3);
    expect(tokens.buckets.at(-1)?.max).toBeNull();
    expect(await figure("latency-distribution", distributionSchema)()).toMatchObject({ unit: "ms", total: 3 });
    const depth = await figure("session-depth", distributionSchema)();
    expect(depth).toMatchObject({ unit: "runs", total: 2, max: 2 });
    expect(depth.buckets.slice(0, 2).map(({ count }) => count)).toEqual([1, 1]);
  });

  it("breaks failures down by their cause", async () => {
    const native = { name: "Failing", model: "scripted/model", systemPrompt: "You help." };
    const { id } = bodyOf(await charm.api.post("/v1/agents", native), 201, z.looseObject({ id: z.string() }));
    charm.platform.model.script(() => [{ type: "status", status: 400, message: "no" }]);
    for (let count = 0; count < 2; count += 1) {
      const answer = await charm.api.post(`/v1/agents/${id}/execute`, { input: "x" });
      expect(answer.status, answer.text).toBeGreaterThanOrEqual(400);
    }
    charm.platform.model.script();
    const { agents } = bodyOf(await charm.api.get(`${path}?search=Failing`), 200, agentsSchema);
    const answer = await charm.api.get(`${path}/${agents[0]?.id}/errors`);
    expect(bodyOf(answer, 200, z.looseObject({}))).toMatchObject({
      total: 2,
      errors: [
        {
          error_code: expect.any(String),
          error_message: expect.any(String),
          count: 2,
          last_seen_at: expect.stringMatching(/Z$/),
        },
      ],
    });
  });

  it.each(figures)("has no %s of an agent that is not there, or another's", async (name) => {
    for (const id of ["nobody", randomUUID()]) {
      expect(detailOf(await charm.api.get(`${path}/${id}/${name}`), 404)).toContain("agent");
    }
    expect(detailOf(await stranger.get(`${path}/${agentId}/${name}`), 404)).toContain("agent");
  });

  it("needs a key that may read figures", async () => {
    const reader = await charm.withScopes("agents:read", "agents:write");
    const analyst = await charm.withScopes("analytics:read");
    const calls = [path, ...figures.map((name) => `${path}/${agentId}/${name}`)].map(
      (target) =>
        (api: CharmApi): Promise<Answer> =>
          api.get(target),
    );
    for (const call of calls) {
      expect(detailOf(await call(charm.nobody), 401)).toContain("API key");
      expect(detailOf(await call(reader), 403)).toContain("scope");
      expect((await call(analyst)).status).toBe(200);
    }
    expect(problemsOf(await charm.api.get(`${path}/${agentId}/usage-log?limit=x&offset=y`))).toEqual([
      "query.limit int_parsing",
      "query.offset int_parsing",
    ]);
  });
});
