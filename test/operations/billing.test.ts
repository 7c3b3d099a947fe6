import { createHmac } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Id } from "../../src/contract/ids.ts";
import { newId } from "../../src/contract/ids.ts";
import type { Json } from "../../src/contract/json.ts";
import { createAgent } from "../../src/operations/create-agent.ts";
import { createKey } from "../../src/operations/create-key.ts";
import { createSubscription } from "../../src/operations/create-subscription.ts";
import { createTransaction } from "../../src/operations/create-transaction.ts";
import { deleteAgent } from "../../src/operations/delete-agent.ts";
import { getSubscription } from "../../src/operations/get-subscription.ts";
import { getWallet } from "../../src/operations/get-wallet.ts";
import { listSubscriptions } from "../../src/operations/list-subscriptions.ts";
import type { Caller } from "../../src/operations/operations.ts";
import { payCreators } from "../../src/operations/pay-creators.ts";
import { receivePaymentEvent } from "../../src/operations/receive-payment-event.ts";
import { resetWeeklyCredit } from "../../src/operations/reset-weekly-credit.ts";
import { updateOrganization } from "../../src/operations/update-organization.ts";
import { databaseKinds } from "../support/test-database.ts";
import { chatDefinition, failure, startTestOperations, type TestOperations } from "./test-operations.ts";

const usd = 1_000_000_000;

describe.each(databaseKinds)("billing on %s", (kind) => {
  let operations: TestOperations;
  let caller: Caller;
  beforeAll(async () => {
    operations = await startTestOperations(kind);
  });
  beforeEach(async () => {
    caller = await operations.stranger();
  });
  afterAll(async () => operations[Symbol.asyncDispose]());

  const agentOf = async (owner: Caller = caller) => (await createAgent(operations.parts, owner, chatDefinition())).id;
  const book = (type: string, amount: number, reference = newId(), fields: { agentId?: Id } = {}) =>
    createTransaction(operations.parts, caller, { type, reference, amountNanoUsd: amount * usd, ...fields });
  const balance = async (of: Caller = caller) => (await getWallet(operations.parts, of)).balanceNanoUsd / usd;

  /** What the ledger adds up to is what the organization's sums say. */
  async function checkSums(): Promise<void> {
    const { id } = caller.organization;
    const [row] = await operations.parts.database.read({
      sql: `select spent_nano_usd as spent, wallet_nano_usd as wallet,
        (select coalesce(cast(sum(amount_nano_usd) as bigint), 0) from credit_entry
          where organization_id = '${id}' and kind = 'transaction') as booked,
        (select coalesce(cast(sum(-amount_nano_usd) as bigint), 0) from credit_entry
          where organization_id = '${id}' and kind = 'payment') as unpaid
        from organization where id = '${id}'`,
      params: [],
      returnsRows: true,
    });
    expect(row?.["wallet"]).toBe(row?.["booked"]);
    expect(row?.["spent"]).toBe(row?.["unpaid"]);
  }

  describe("transactions", () => {
    test.each([
      ["topup", 10, 10],
      ["topup", -3, -3],
      ["credit", 0.1, 0.1],
      ["debit", 4, -4],
      ["debit", -4, -4],
      ["Purchase", 2.5, -2.5],
      ["something new", 1, 1],
      ["usage", 0, 0],
    ])("a %s of %d changes the balance by %d", async (type, amount, change) => {
      await book(type, amount);
      expect(await balance()).toBe(change);
      await checkSums();
    });

    test("many small amounts add up without drift", async () => {
      for (let count = 0; count < 10; count += 1) await book("topup", 0.1);
      for (let count = 0; count < 3; count += 1) await book("debit", 0.3);
      expect(await balance()).toBe(0.1);
    });

    test("the same type and reference again is the same transaction, with another amount a conflict", async () => {
      const first = await book("topup", 5, "ref-1");
      expect(await book("topup", 5, "ref-1")).toEqual(first);
      await expect(book("topup", 6, "ref-1")).rejects.toThrow(failure("transaction_conflict"));
      await expect(book("topup", 5, "ref-1", { agentId: await agentOf() })).rejects.toThrow(
        failure("transaction_conflict"),
      );
      await book("bonus", 1, "ref-1");
      expect(await balance()).toBe(6);
      const both = await Promise.all([book("topup", 7, "ref-2"), book("topup", 7, "ref-2")]);
      expect(both[0]).toEqual(both[1]);
      expect(await balance()).toBe(13);
      await checkSums();
    });

    test("references are an organization's own", async () => {
      await book("topup", 5, "shared");
      const one = caller;
      caller = await operations.stranger();
      await book("topup", 6, "shared");
      expect([await balance(one), await balance()]).toEqual([5, 6]);
    });

    test("the agent must be one's own", async () => {
      const foreign = await agentOf(await operations.stranger());
      await expect(book("purchase", 1, "r", { agentId: foreign })).rejects.toThrow(failure("agent_not_found"));
      expect((await book("purchase", 1, "r", { agentId: await agentOf() })).amountNanoUsd).toBe(-usd);
    });

    test("amounts, sums and words have bounds", async () => {
      for (const amount of [1_000_001, -1_000_001, Number.MAX_VALUE]) {
        await expect(book("topup", amount)).rejects.toThrow(failure("unprocessable", "amount"));
      }
      for (let count = 0; count < 4; count += 1) await book("topup", 1_000_000);
      await expect(book("topup", 1)).rejects.toThrow(failure("unprocessable", "amount"));
      expect(await balance()).toBe(4_000_000);
      await expect(book("", 1)).rejects.toThrow(failure("invalid_field_value", "type"));
      await expect(book("topup", 1, "x".repeat(256))).rejects.toThrow(failure("invalid_field_value", "referenceId"));
      await checkSums();
    });

    test("nobody lifts their own credit limit", async () => {
      const { parts, first } = operations;
      await updateOrganization(parts, first, caller.organization.id, { creditLimitNanoUsd: 2 * usd });
      await book("topup", 1000);
      expect(await getWallet(parts, caller)).toMatchObject({
        balanceNanoUsd: 1000 * usd,
        creditLimitNanoUsd: 2 * usd,
        availableNanoUsd: 2 * usd,
      });
    });
  });

  describe("subscriptions", () => {
    const subscribe = (agentId: Id, fields: { userId?: string; planType?: string; priceNanoUsd?: number } = {}) =>
      createSubscription(operations.parts, caller, {
        agentId,
        userId: "ann",
        planType: "monthly",
        priceNanoUsd: 9_990_000_000,
        ...fields,
      });

    test("one is active from now for a period, listed and read", async () => {
      const { parts } = operations;
      const agentId = await agentOf();
      const made = await subscribe(agentId);
      expect(made).toMatchObject({ status: "active", periodStart: operations.time, priceNanoUsd: 9_990_000_000 });
      expect(await getSubscription(parts, caller, made.id)).toEqual(made);
      const other = await subscribe(agentId, { userId: "bob", planType: "lifetime" });
      expect(other.periodEnd).toBeNull();
      const listed = await listSubscriptions(parts, caller, {}, { limit: 10 });
      expect(listed.items).toEqual([other, made]);
      const filtered = await listSubscriptions(parts, caller, { userId: "ann", agentId }, { limit: 10 });
      expect(filtered.items).toEqual([made]);
      expect(await balance()).toBe(0);
    });

    test("a user has one active subscription to an agent, and may take it again when it has expired", async () => {
      const { parts } = operations;
      const agentId = await agentOf();
      const made = await subscribe(agentId, { planType: "weekly" });
      await expect(subscribe(agentId)).rejects.toThrow(failure("subscription_exists"));
      operations.time = made.periodEnd ?? 0;
      expect((await getSubscription(parts, caller, made.id)).status).toBe("expired");
      const both = await Promise.allSettled([subscribe(agentId), subscribe(agentId)]);
      expect(both.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    });

    test("the agent must be there, and the price within bounds", async () => {
      const agentId = await agentOf();
      for (const priceNanoUsd of [-1, Number.NaN, 1e15 + 1]) {
        await expect(subscribe(agentId, { priceNanoUsd })).rejects.toThrow(failure("unprocessable", "priceUsd"));
      }
      await expect(subscribe(newId())).rejects.toThrow(failure("agent_not_found"));
      await expect(subscribe(await agentOf(await operations.stranger()))).rejects.toThrow(failure("agent_not_found"));
      await deleteAgent(operations.parts, caller, agentId);
      await expect(subscribe(agentId)).rejects.toThrow(failure("agent_not_found"));
    });

    test("another organization's subscription is not there", async () => {
      const made = await subscribe(await agentOf());
      const other = await operations.stranger();
      await expect(getSubscription(operations.parts, other, made.id)).rejects.toThrow(
        failure("subscription_not_found"),
      );
      expect((await listSubscriptions(operations.parts, other, {}, { limit: 10 })).items).toEqual([]);
    });
  });

  test("a key that only reads books nothing", async () => {
    const { parts } = operations;
    const made = await createKey(parts, caller, { name: "Reader", environment: "live", scopes: ["agents:read"] });
    const agentId = await agentOf();
    const whole = caller;
    caller = await operations.callerOf(made.key);
    expect(await balance()).toBe(0);
    await expect(book("topup", 1)).rejects.toThrow(failure("insufficient_scope"));
    await expect(
      createSubscription(parts, caller, { agentId, userId: "a", planType: "monthly", priceNanoUsd: 1 }),
    ).rejects.toThrow(failure("insufficient_scope"));
    for (const one of [caller, whole]) {
      await expect(payCreators(parts, one)).rejects.toThrow(failure("insufficient_scope"));
      await expect(resetWeeklyCredit(parts, one)).rejects.toThrow(failure("insufficient_scope"));
    }
  });

  describe("payment events", () => {
    async function send(type: string, object: Json, fields: { id?: string; secret?: string; at?: number } = {}) {
      const { id = `evt_${newId()}`, secret = "whsec_operations", at = operations.time } = fields;
      const body: Json = { id, type, data: { object } };
      const payload = Buffer.from(JSON.stringify(body));
      const seconds = Math.floor(at / 1000);
      const signed = createHmac("sha256", secret).update(`${seconds}.`).update(payload).digest("hex");
      return receivePaymentEvent(operations.parts, { payload, body, signature: `t=${seconds},v1=${signed}` });
    }
    const own = (more: Record<string, string> = {}) => ({ organization_id: caller.organization.id, ...more });

    async function subscription() {
      const agentId = await agentOf();
      return createSubscription(operations.parts, caller, {
        agentId,
        userId: `user-${newId()}`,
        planType: "monthly",
        priceNanoUsd: 10 * usd,
      });
    }

    test("money paid in makes room under the credit limit, once for each payment", async () => {
      const { parts, first } = operations;
      await updateOrganization(parts, first, caller.organization.id, { creditLimitNanoUsd: 0 });
      const paid = { mode: "payment", payment_status: "paid", currency: "usd", amount_total: 1250 };
      const checkout = { ...paid, id: "cs_1", payment_intent: `pi_${newId()}`, metadata: own() };
      expect(await send("checkout.session.completed", checkout, { id: "evt_twice" })).toEqual({ handled: true });
      expect(await send("checkout.session.completed", checkout, { id: "evt_twice" })).toMatchObject({
        isDuplicate: true,
      });
      const intent = { id: checkout.payment_intent, currency: "usd", amount_received: 1250, metadata: own() };
      expect(await send("payment_intent.succeeded", intent)).toEqual({ handled: true });
      expect(await getWallet(parts, caller)).toMatchObject({
        balanceNanoUsd: 12.5 * usd,
        availableNanoUsd: 12.5 * usd,
      });
      await checkSums();
    });

    test("a paid invoice pays for the subscription: the wallet stays, the period goes on", async () => {
      const { parts } = operations;
      const { id } = await subscription();
      const start = Math.floor(operations.time / 1000);
      const lines = { data: [{ period: { start, end: start + 86_400 } }, { period: { start: 1, end: 2 } }] };
      const invoice = {
        id: `in_${newId()}`,
        currency: "usd",
        amount_paid: 1000,
        subscription: `sub_${id}`,
        subscription_details: { metadata: own({ subscription_id: id }) },
        lines,
      };
      expect(await send("invoice.paid", invoice)).toEqual({ handled: true });
      expect(await getSubscription(parts, caller, id)).toMatchObject({
        status: "active",
        providerReference: `sub_${id}`,
        periodStart: start * 1000,
        periodEnd: (start + 86_400) * 1000,
      });
      expect(await balance()).toBe(0);
      // The provider tells of the same invoice under another event.
      expect(await send("invoice.paid", invoice)).toEqual({ handled: true });
      expect(await balance()).toBe(0);
      expect(await payCreators(parts, operations.first)).toContainEqual(
        expect.objectContaining({ organizationId: caller.organization.id, amountNanoUsd: 10 * usd }),
      );
      await checkSums();
    });

    test("the provider's word on a subscription is found by its own id too", async () => {
      const { parts } = operations;
      const { id } = await subscription();
      const provider = `sub_${newId()}`;
      const linked = { mode: "subscription", subscription: provider, metadata: own({ subscription_id: id }) };
      expect(await send("checkout.session.completed", linked)).toEqual({ handled: true });
      const seconds = Math.floor(operations.time / 1000);
      const items = { data: [{ current_period_start: seconds, current_period_end: seconds + 10 }] };
      expect(await send("customer.subscription.updated", { id: provider, status: "past_due", items })).toEqual({
        handled: true,
      });
      expect(await getSubscription(parts, caller, id)).toMatchObject({
        status: "past_due",
        periodEnd: (seconds + 10) * 1000,
      });
      expect(await send("customer.subscription.deleted", { id: provider })).toEqual({ handled: true });
      expect((await getSubscription(parts, caller, id)).status).toBe("cancelled");
    });

    test("refunds go back once, whatever the order in which they are told", async () => {
      const charge = { id: `ch_${newId()}`, currency: "usd", metadata: own() };
      await send("payment_intent.succeeded", { ...charge, id: "pi_refunded", amount_received: 1000 });
      await Promise.all([
        send("charge.refunded", { ...charge, amount_refunded: 300 }),
        send("charge.refunded", { ...charge, amount_refunded: 700 }),
      ]);
      expect(await balance()).toBe(3);
      await send("charge.refunded", { ...charge, amount_refunded: 300 });
      expect(await balance()).toBe(3);
      await checkSums();
    });

    test("a refunded subscription is taken off what its agent's owner earns", async () => {
      const { parts, first } = operations;
      const { id } = await subscription();
      const metadata = own({ subscription_id: id });
      await send("invoice.paid", { id: `in_${newId()}`, currency: "usd", amount_paid: 1000, metadata });
      await send("charge.refunded", { id: `ch_${newId()}`, currency: "usd", amount_refunded: 400, metadata });
      const paid = await payCreators(parts, first);
      expect(paid.filter(({ organizationId }) => organizationId === caller.organization.id)).toMatchObject([
        { amountNanoUsd: 6 * usd },
      ]);
      await checkSums();
    });

    test.each<[string, string, Json]>([
      ["an unknown type", "customer.created", { id: "cus_1", metadata: {} }],
      ["no organization", "payment_intent.succeeded", { id: "pi_1", currency: "usd", amount_received: 1 }],
      [
        "an organization that is not there",
        "payment_intent.succeeded",
        { id: "pi_1", currency: "usd", amount_received: 1, metadata: { organization_id: newId() } },
      ],
      ["nothing at all", "charge.refunded", {}],
    ])("an event of %s changes nothing", async (_, type, object) => {
      expect(await send(type, object)).toMatchObject({ handled: false, reason: expect.any(String) });
    });

    test("what cannot be booked changes nothing and says why", async () => {
      const objects: Json[] = [
        { id: "pi_1", currency: "eur", amount_received: 100, metadata: own() },
        { id: "pi_1", currency: "usd", metadata: own() },
        { id: "pi_1", currency: "usd", amount_received: -5, metadata: own() },
        { id: "pi_1", currency: "usd", amount_received: "100", metadata: own() },
        { id: "pi_1", currency: "usd", amount_received: 100, invoice: { id: "in_1" }, metadata: own() },
        { currency: "usd", amount_received: 100, metadata: own() },
      ];
      for (const object of objects) {
        expect(await send("payment_intent.succeeded", object)).toMatchObject({ handled: false });
      }
      expect(await send("customer.subscription.deleted", { id: "sub_none", metadata: own() })).toMatchObject({
        handled: false,
      });
      expect(await balance()).toBe(0);
    });

    test("a subscription of another organization is not touched", async () => {
      const { id } = await subscription();
      const owner = caller;
      caller = await operations.stranger();
      const metadata = own({ subscription_id: id });
      expect(await send("customer.subscription.deleted", { id: "sub_x", metadata })).toMatchObject({ handled: false });
      expect((await getSubscription(operations.parts, owner, id)).status).toBe("active");
    });

    test("what is not signed with the secret, or was long ago, is refused", async () => {
      const object = { id: "pi_1", currency: "usd", amount_received: 100, metadata: own() };
      const refused = failure("payment_event_refused");
      await expect(send("payment_intent.succeeded", object, { secret: "whsec_other" })).rejects.toThrow(refused);
      const early = operations.time - 301_000;
      await expect(send("payment_intent.succeeded", object, { at: early })).rejects.toThrow(refused);
      const parts = { ...operations.parts, billing: { webhookSecret: undefined, weeklyCreditNanoUsd: undefined } };
      const request = { payload: Buffer.from("{}"), body: {}, signature: "t=1,v1=a" };
      await expect(receivePaymentEvent(parts, request)).rejects.toThrow(/RUNYARD_STRIPE_WEBHOOK_SECRET/);
      expect(await balance()).toBe(0);
    });
  });

  describe("payouts", () => {
    const payouts = async () =>
      (await payCreators(operations.parts, operations.first)).filter(
        ({ organizationId }) => organizationId === caller.organization.id,
      );

    test("an agent's owner gets what was paid for it, once", async () => {
      const [one, other] = [await agentOf(), await agentOf()];
      await book("purchase", 5, "p1", { agentId: one });
      await book("tip", 1, "p2", { agentId: one });
      await book("topup", 50, "p3", { agentId: one });
      await book("purchase", 2, "p4", { agentId: other });
      await book("purchase", 9, "p5");
      expect((await payouts()).map(({ agentId, amountNanoUsd }) => [agentId, amountNanoUsd / usd])).toEqual([
        [one, 6],
        [other, 2],
      ]);
      expect(await balance()).toBe(50 - 5 - 1 - 2 - 9 + 6 + 2);
      expect(await payouts()).toEqual([]);
      await book("purchase", 3, "p6", { agentId: one });
      expect(await payouts()).toMatchObject([{ agentId: one, amountNanoUsd: 3 * usd }]);
      await checkSums();
    });

    test("two calls at the same time pay once", async () => {
      await book("purchase", 5, "p1", { agentId: await agentOf() });
      const paid = await Promise.all([payouts(), payouts(), payouts()]);
      expect(paid.flat()).toHaveLength(1);
      expect(await balance()).toBe(0);
      await checkSums();
    });
  });

  describe("the weekly reset", () => {
    test("brings what may be spent back to the allowance, once a week", async () => {
      const { parts, first } = operations;
      operations.time = Date.UTC(2027, 5, 7, 12); // a Monday
      const seen = await resetWeeklyCredit(parts, first);
      expect(seen).toMatchObject({ week: "2027-W23", allowanceNanoUsd: 5 * usd });
      expect(seen.organizations).toBeGreaterThan(0);
      expect(await balance()).toBe(5);
      await spend(2);
      expect(await resetWeeklyCredit(parts, first)).toMatchObject({ organizations: 0, creditedNanoUsd: 0 });
      expect(await balance()).toBe(3);
      operations.time += 7 * 86_400_000;
      await Promise.all([resetWeeklyCredit(parts, first), resetWeeklyCredit(parts, first)]);
      expect(await balance()).toBe(5);
      operations.time += 7 * 86_400_000;
      await resetWeeklyCredit(parts, first);
      expect(await balance()).toBe(5);
    });

    test("does nothing when no allowance is set", async () => {
      const parts = { ...operations.parts, billing: { webhookSecret: undefined, weeklyCreditNanoUsd: undefined } };
      expect(await resetWeeklyCredit(parts, operations.first)).toMatchObject({ organizations: 0, creditedNanoUsd: 0 });
      expect(await balance()).toBe(0);
    });

    /** As the end of an execution does. */
    async function spend(amount: number): Promise<void> {
      const sql = `update organization set spent_nano_usd = spent_nano_usd + ${amount * usd}
        where id = '${caller.organization.id}'`;
      await operations.parts.database.write([{ sql, params: [], returnsRows: false }]);
    }
  });
});
