import { createHmac, randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { agentSchema } from "../../../src/http/dialects/charm/schemas/agent.ts";
import { type Answer, bodyOf, type CharmApi, detailOf, problemsOf } from "./charm-api.ts";
import { type CharmPlatform, startCharmPlatform } from "./charm-platform.ts";

const secret = "whsec_api";

let charm: CharmPlatform;
beforeAll(async () => {
  charm = await startCharmPlatform({ env: { RUNYARD_STRIPE_WEBHOOK_SECRET: secret } });
});
afterAll(() => charm[Symbol.asyncDispose]());

const path = "/charm/v1/billing";
const walletSchema = z.strictObject({
  balance: z.number(),
  currency: z.literal("USD"),
  reserved: z.number(),
  credit_limit: z.number().nullable(),
  available: z.number().nullable(),
});
const subscriptionSchema = z.strictObject({
  id: z.uuid(),
  subscription_id: z.uuid(),
  agent_id: z.string(),
  user_id: z.string(),
  plan_type: z.string(),
  price_usd: z.number(),
  status: z.string(),
  is_active: z.boolean(),
  current_period_start: z.iso.datetime(),
  current_period_end: z.iso.datetime().nullable(),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
});
const transactionSchema = z.strictObject({
  id: z.uuid(),
  transaction_id: z.uuid(),
  type: z.string(),
  amount: z.number(),
  currency: z.literal("USD"),
  reference_id: z.string(),
  agent_id: z.string().nullable(),
  description: z.string().nullable(),
  status: z.literal("completed"),
  created_at: z.iso.datetime(),
});
const eventAnswerSchema = z.strictObject({
  received: z.literal(true),
  handled: z.boolean(),
  duplicate: z.literal(true).optional(),
  reason: z.string().optional(),
});

const balanceOf = async (api: CharmApi) => bodyOf(await api.get(`${path}/wallet`), 200, walletSchema).balance;
async function agentOf(api: CharmApi, id?: string): Promise<string> {
  const body = { user_id: "creator", name: "Sold", ...(id !== undefined && { id }) };
  return bodyOf(await api.post("/charm/v1/agents", body), 201, agentSchema).id;
}

describe("the wallet and its transactions", () => {
  it("starts empty and adds up what is booked, to the cent", async () => {
    const api = await charm.stranger();
    expect(bodyOf(await api.get(`${path}/wallet`), 200, walletSchema)).toEqual({
      balance: 0,
      currency: "USD",
      reserved: 0,
      credit_limit: null,
      available: null,
    });
    const agentId = await agentOf(api, `agent-${randomUUID()}`);
    const book = (body: object) => api.post(`${path}/transactions`, body);
    const made = bodyOf(await book({ amount: "0.1", type: "topup", reference_id: "a" }), 200, transactionSchema);
    expect(made).toMatchObject({ amount: 0.1, type: "topup", reference_id: "a", agent_id: null, description: null });
    const spent = { amount: 0.3, type: "purchase", reference_id: "b", agent_id: agentId, description: "A run" };
    expect(bodyOf(await book(spent), 200, transactionSchema)).toMatchObject({ ...spent, status: "completed" });
    bodyOf(await book({ amount: 0.2, type: "topup", reference_id: "b" }), 200, transactionSchema);
    expect(await balanceOf(api)).toBe(0);
  });

  it("takes the same reference once", async () => {
    const api = await charm.stranger();
    const body = { amount: 5, type: "credit", reference_id: "order-1" };
    const first = bodyOf(await api.post(`${path}/transactions`, body), 200, transactionSchema);
    expect(bodyOf(await api.post(`${path}/transactions`, body), 200, transactionSchema)).toEqual(first);
    expect(detailOf(await api.post(`${path}/transactions`, { ...body, amount: 6 }), 409)).toContain("order-1");
    expect(await balanceOf(api)).toBe(5);
    expect(await balanceOf(await charm.stranger())).toBe(0);
  });

  it("tells what is wrong with a transaction", async () => {
    const book = (body?: unknown) => charm.api.post(`${path}/transactions`, body);
    expect(problemsOf(await book({ amount: "much", type: null, agent_id: 5 }))).toEqual([
      "body.amount float_parsing",
      "body.type string_type",
      "body.reference_id missing",
      "body.agent_id string_type",
    ]);
    expect(problemsOf(await book())).toEqual(["body missing"]);
    const fine = { amount: 1, type: "topup", reference_id: "r" };
    for (const amount of [1e300, -1e12, 1_000_001]) {
      expect(problemsOf(await book({ ...fine, amount }))).toEqual(["body.amount value_error"]);
    }
    expect(problemsOf(await book({ ...fine, reference_id: "" }))).toEqual(["body.reference_id value_error"]);
    expect(problemsOf(await book({ ...fine, type: "t".repeat(256) }))).toEqual(["body.type value_error"]);
    expect(detailOf(await book({ ...fine, agent_id: "nobody" }), 404)).toContain("nobody");
  });
});

describe("subscriptions", () => {
  it("are made, listed and read, by the names that callers chose", async () => {
    const api = await charm.stranger();
    const agentId = await agentOf(api, `agent-${randomUUID()}`);
    const made = bodyOf(
      await api.post(`${path}/subscriptions`, { agent_id: agentId, user_id: "ann" }),
      201,
      subscriptionSchema,
    );
    expect(made).toMatchObject({
      agent_id: agentId,
      user_id: "ann",
      plan_type: "monthly",
      price_usd: 9.99,
      status: "active",
      is_active: true,
      current_period_end: expect.any(String),
    });
    const once = { agent_id: agentId, user_id: "bob", plan_type: "one_time", price_usd: "49" };
    const other = bodyOf(await api.post(`${path}/subscriptions`, once), 201, subscriptionSchema);
    expect(other).toMatchObject({ price_usd: 49, current_period_end: null });
    const list = async (query: string) =>
      bodyOf(await api.get(`${path}/subscriptions${query}`), 200, z.array(subscriptionSchema));
    expect(await list("")).toEqual([other, made]);
    expect(await list("?limit=1&offset=1")).toEqual([made]);
    expect(bodyOf(await api.get(`${path}/subscriptions/${made.id}`), 200, subscriptionSchema)).toEqual(made);
    expect(detailOf(await api.post(`${path}/subscriptions`, { agent_id: agentId, user_id: "ann" }), 409)).toContain(
      "active",
    );
    const stranger = await charm.stranger();
    expect(detailOf(await stranger.get(`${path}/subscriptions/${made.id}`), 404)).toContain("subscription");
    expect(bodyOf(await stranger.get(`${path}/subscriptions`), 200, z.array(subscriptionSchema))).toEqual([]);
    expect(detailOf(await stranger.post(`${path}/subscriptions`, once), 404)).toContain(agentId);
  });

  it("tell what is wrong with a request", async () => {
    const post = (body?: unknown) => charm.api.post(`${path}/subscriptions`, body);
    expect(problemsOf(await post({ plan_type: 1, price_usd: null }))).toEqual([
      "body.agent_id missing",
      "body.user_id missing",
      "body.plan_type string_type",
      "body.price_usd float_type",
    ]);
    const fine = { agent_id: await agentOf(charm.api), user_id: "u" };
    for (const price_usd of [-1, 1e9, 1e300]) {
      expect(problemsOf(await post({ ...fine, price_usd }))).toEqual(["body.price_usd value_error"]);
    }
    expect(problemsOf(await post({ ...fine, user_id: "" }))).toEqual(["body.user_id value_error"]);
    expect(detailOf(await post({ agent_id: randomUUID(), user_id: "u" }), 404)).toContain("agent");
    expect(detailOf(await charm.api.get(`${path}/subscriptions/nonsense`), 404)).toContain("subscription");
    expect(detailOf(await charm.api.get(`${path}/subscriptions/${randomUUID()}`), 404)).toContain("subscription");
  });
});

describe("payment events", () => {
  function send(body: string, fields: { by?: string; at?: number; header?: string } = {}): Promise<Response> {
    const seconds = Math.floor((fields.at ?? Date.now()) / 1000);
    const signed = createHmac("sha256", fields.by ?? secret)
      .update(`${seconds}.${body}`)
      .digest("hex");
    return fetch(`${charm.platform.url}${path}/webhook-event`, {
      method: "POST",
      headers: {
        "content-type": "application/json; charset=utf-8",
        "stripe-signature": fields.header ?? `t=${seconds},v1=${signed}`,
      },
      body,
    });
  }
  async function answerOf(response: Response): Promise<Answer> {
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, body: JSON.parse(text) };
  }
  const eventOf = (type: string, object: object, id = `evt_${randomUUID()}`) =>
    // White space that a second writer would not keep.
    JSON.stringify({ id, type, data: { object } }, null, 3);

  it("are taken once when they are signed, without a key", async () => {
    const { id, key } = await charm.platform.newOrganization();
    const object = { id: "pi_1", currency: "usd", amount_received: 2500, metadata: { organization_id: id } };
    const body = eventOf("payment_intent.succeeded", object);
    const taken = bodyOf(await answerOf(await send(body)), 200, eventAnswerSchema);
    expect(taken).toEqual({ received: true, handled: true });
    const again = bodyOf(await answerOf(await send(body)), 200, eventAnswerSchema);
    expect(again).toEqual({ received: true, handled: true, duplicate: true });
    const wallet = await fetch(`${charm.platform.url}${path}/wallet`, { headers: { authorization: `Bearer ${key}` } });
    expect(await wallet.json()).toMatchObject({ balance: 25 });
  });

  it("of other types are taken and change nothing", async () => {
    const answer = await answerOf(await send(eventOf("customer.created", { id: "cus_1" })));
    expect(bodyOf(answer, 200, eventAnswerSchema)).toEqual({
      received: true,
      handled: false,
      reason: expect.any(String),
    });
  });

  it("are refused without a good signature, or when they are none", async () => {
    const body = eventOf("customer.created", { id: "cus_1" });
    for (const fields of [
      { by: "whsec_other" },
      { at: Date.now() - 400_000 },
      { header: "" },
      { header: "t=1,v1=zz" },
    ]) {
      expect(problemsOf(await answerOf(await send(body, fields)))).toEqual([expect.stringMatching(/value_error$/)]);
    }
    for (const nothing of ["", "null", "[]", "{}", '{"id":"evt_1","type":"x"}']) {
      expect(problemsOf(await answerOf(await send(nothing)))).toEqual(["body value_error"]);
    }
    expect(problemsOf(await answerOf(await send("{")))).toEqual(["body.1 json_invalid"]);
    expect(problemsOf(await answerOf(await send("[".repeat(100_000))))).toEqual(["body.0 json_invalid"]);
    expect(problemsOf(await answerOf(await send(String.raw`{"id":"\u0000"}`)))).toEqual(["body.id value_error"]);
  });

  it("are refused by a server that has no secret, which says how to set it", async () => {
    await using other = await startCharmPlatform();
    const response = await fetch(`${other.platform.url}${path}/webhook-event`, { method: "POST", body: "{}" });
    expect(response.status).toBe(422);
    expect(await response.text()).toContain("RUNYARD_STRIPE_WEBHOOK_SECRET");
  });
});

it("billing needs a key with the scope for what is done", async () => {
  const writer = await charm.withScopes("agents:write");
  const reader = await charm.withScopes("agents:read");
  const calls: [(api: CharmApi) => Promise<Answer>, CharmApi][] = [
    [(api) => api.get(`${path}/wallet`), writer],
    [(api) => api.get(`${path}/subscriptions`), writer],
    [(api) => api.get(`${path}/subscriptions/x`), writer],
    [(api) => api.post(`${path}/subscriptions`, {}), reader],
    [(api) => api.post(`${path}/transactions`, {}), reader],
  ];
  for (const [call, lacking] of calls) {
    expect(detailOf(await call(charm.nobody), 401)).toContain("API key");
    expect(detailOf(await call(lacking), 403)).toContain("scope");
  }
});
