import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { agentSchema } from "../../../src/http/dialects/charm/schemas/agent.ts";
import { type Answer, bodyOf, type CharmApi, detailOf } from "./charm-api.ts";
import { type CharmPlatform, startCharmPlatform } from "./charm-platform.ts";

let charm: CharmPlatform;
let tenant: CharmApi;
/** Of the tenant. */
let agentId: string;
let nativeId: string;
beforeAll(async () => {
  charm = await startCharmPlatform({ env: { RUNYARD_WEEKLY_CREDIT_USD: "2.5" } });
  tenant = await charm.stranger();
  agentId = `agent-${randomUUID()}`;
  await create(tenant, { id: agentId });
  const native = { name: "Chatting", model: "scripted/model", systemPrompt: "You help." };
  nativeId = bodyOf(await tenant.post("/v1/agents", native), 201, z.looseObject({ id: z.string() })).id;
  for (const input of ["one", "two"]) {
    bodyOf(await tenant.post(`/v1/agents/${nativeId}/execute`, { input }), 200, z.looseObject({}));
  }
});
afterAll(() => charm[Symbol.asyncDispose]());

const path = "/charm/v1/admin";
const foreignAgentSchema = agentSchema.extend({ uuid: z.uuid(), organization_id: z.uuid() });
const userSchema = z.looseObject({ id: z.string(), user_id: z.string(), organization_id: z.uuid() });
const costSchema = z.strictObject({
  organization_id: z.uuid(),
  name: z.string(),
  total_runs: z.int(),
  total_tokens: z.int(),
  cost_usd: z.number(),
});

async function create(api: CharmApi, fields: object) {
  const body = { user_id: "creator", name: "Watched", ...fields };
  return bodyOf(await api.post("/charm/v1/agents", body), 201, agentSchema);
}
const ownId = async (api: CharmApi) =>
  bodyOf(await api.get("/charm/v1/users/me"), 200, z.looseObject({ id: z.string() })).id;

describe("administration", () => {
  it("lists the agents of all organizations", async () => {
    const own = await create(charm.api, {});
    const agents = bodyOf(await charm.api.get(`${path}/agents`), 200, z.array(foreignAgentSchema));
    expect(agents[0]).toMatchObject({ id: own.id, uuid: own.id, organization_id: charm.platform.organizationId });
    expect(agents.find(({ id }) => id === agentId)).toMatchObject({ organization_id: await ownId(tenant) });
    expect(bodyOf(await charm.api.get(`${path}/agents?limit=1&offset=1`), 200, z.array(foreignAgentSchema))).toEqual([
      agents[1],
    ]);
  });

  it("lists the users of all organizations", async () => {
    const id = `user-${randomUUID()}`;
    const made = await tenant.post("/charm/v1/users", { id, name: "Ann", organization_id: "else" });
    expect(made.status, made.text).toBe(201);
    const users = bodyOf(await charm.api.get(`${path}/users`), 200, z.array(userSchema));
    expect(users[0]).toMatchObject({ id, user_id: id, name: "Ann", organization_id: await ownId(tenant) });
    expect(users.map((user) => user.id)).toContain(charm.platform.organizationId);
  });

  it("reports costs by organization, model and user", async () => {
    const costs = bodyOf(
      await charm.api.get(`${path}/costs`),
      200,
      z.looseObject({ total_cost_usd: z.number(), organizations: z.array(costSchema), models: z.array(z.unknown()) }),
    );
    expect(costs).toMatchObject({ period: "all", models: [{ model: expect.any(String), calls: 2 }] });
    expect(costs.organizations).toMatchObject([{ organization_id: await ownId(tenant), total_runs: 2 }]);
    const users = bodyOf(await charm.api.get(`${path}/users-costs?period=7d`), 200, z.looseObject({}));
    expect(users).toMatchObject({
      period: "7d",
      total_cost_usd: costs.total_cost_usd,
      users: [{ user_id: await ownId(tenant), organization_id: await ownId(tenant), total_runs: 2 }],
    });
  });

  it("shows the figures of any organization's agent", async () => {
    const agents = bodyOf(await charm.api.get(`${path}/agents`), 200, z.array(foreignAgentSchema));
    const chatting = agents.find(({ name }) => name === "Chatting")?.uuid ?? "";
    const get = async (id: string, name: string) =>
      bodyOf(await charm.api.get(`${path}/agents/${id}/${name}`), 200, z.looseObject({}));
    expect(await get(chatting, "stats")).toMatchObject({ agent_id: chatting, total_runs: 2, success_count: 2 });
    expect(await get(chatting, "runs?period=1d")).toMatchObject({ total: 2, runs: [{ count: 2 }] });
    const subscribed = { agent_id: agentId, user_id: "ann" };
    expect((await tenant.post("/charm/v1/billing/subscriptions", subscribed)).status).toBe(201);
    expect(await get(agentId, "installs")).toMatchObject({ agent_id: agentId, period: "7d", total: 1 });
    expect(await get(agentId, "errors")).toMatchObject({ agent_id: agentId, errors: [], total: 0 });
    for (const name of ["stats", "runs", "installs", "errors"]) {
      expect(detailOf(await charm.api.get(`${path}/agents/nobody/${name}`), 404)).toContain("nobody");
      expect(detailOf(await charm.api.get(`${path}/agents/${randomUUID()}/${name}`), 404)).toContain("agent");
    }
  });
});

describe("internal jobs", () => {
  const run = async (name: string) =>
    bodyOf(await charm.api.post(`/charm/v1/internal/jobs/${name}`), 200, z.looseObject({ success: z.literal(true) }));
  const balanceOf = async (api: CharmApi) =>
    bodyOf(await api.get("/charm/v1/billing/wallet"), 200, z.looseObject({ balance: z.number() })).balance;

  it("clean up, and say what went", async () => {
    expect(await run("cleanup-artifact-registry")).toEqual({
      success: true,
      job: "cleanup-artifact-registry",
      removed_uploads: 0,
      removed_blobs: 0,
      removed_layers: expect.any(Number),
    });
  });

  it("pay creators what their agents have earned, once", async () => {
    const before = await balanceOf(tenant);
    const purchase = { amount: 4, type: "purchase", reference_id: "order", agent_id: agentId };
    expect((await tenant.post("/charm/v1/billing/transactions", purchase)).status).toBe(200);
    expect(await balanceOf(tenant)).toBe(before - 4);
    expect(await run("creator-payouts")).toMatchObject({
      payout_count: 1,
      total_usd: 4,
      payouts: [{ organization_id: await ownId(tenant), user_id: "creator", amount_usd: 4 }],
    });
    expect(await balanceOf(tenant)).toBe(before);
    expect(await run("creator-payouts")).toMatchObject({ payout_count: 0, total_usd: 0, payouts: [] });
  });

  it("give every organization its week's credit, once a week", async () => {
    const organization = await charm.stranger();
    const first = await run("weekly-reset");
    expect(first).toMatchObject({ week: expect.stringMatching(/^\d{4}-W\d\d$/), weekly_credit_usd: 2.5 });
    expect(await balanceOf(organization)).toBe(2.5);
    expect(await run("weekly-reset")).toMatchObject({ reset_count: 0, credited_usd: 0 });
    expect(await balanceOf(organization)).toBe(2.5);
  });

  it("say so when there is no week's credit", async () => {
    await using other = await startCharmPlatform();
    const answer = await other.api.post("/charm/v1/internal/jobs/weekly-reset");
    expect(bodyOf(answer, 200, z.looseObject({}))).toMatchObject({
      weekly_credit_usd: null,
      reset_count: 0,
      message: expect.stringContaining("RUNYARD_WEEKLY_CREDIT_USD"),
    });
  });
});

it("no key but the first may administer or keep house, or hand that on", async () => {
  const calls: ((api: CharmApi) => Promise<Answer>)[] = [
    ...["users", "users-costs", "costs", "agents"].map((name) => (api: CharmApi) => api.get(`${path}/${name}`)),
    ...["stats", "runs", "installs", "errors"].map(
      (name) => (api: CharmApi) => api.get(`${path}/agents/${agentId}/${name}`),
    ),
    ...["cleanup-artifact-registry", "creator-payouts", "weekly-reset"].map(
      (name) => (api: CharmApi) => api.post(`/charm/v1/internal/jobs/${name}`),
    ),
  ];
  for (const call of calls) {
    expect(detailOf(await call(charm.nobody), 401)).toContain("API key");
    expect(detailOf(await call(tenant), 403)).toMatch(/admin|internal/);
  }
  for (const scope of ["admin", "internal"]) {
    for (const api of [charm.api, tenant]) {
      const answer = await api.post("/v1/keys", { name: "x", environment: "live", scopes: [scope] });
      expect(answer.status).toBe(403);
    }
  }
});
