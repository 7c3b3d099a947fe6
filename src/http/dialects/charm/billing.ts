import type { FastifyReply } from "fastify";
import { z } from "zod";
import { RunyardError } from "../../../contract/errors.ts";
import type { Id } from "../../../contract/ids.ts";
import type { JsonObject } from "../../../contract/json.ts";
import type { Subscription } from "../../../contract/ledger.ts";
import { toNanoUsd, toUsd } from "../../money.ts";
import { principalOf } from "../../request-state.ts";
import { sendJson } from "../../send-json.ts";
import { type CharmEndpoint, documented } from "./endpoint.ts";
import { requireId } from "./ids.ts";
import { subscriptionCreateSchema, transactionRequestSchema } from "./schemas/billing.ts";
import { limitQuery, offsetQuery, text } from "./schemas/framework.ts";
import { renderTime } from "./time.ts";
import { userIdOf } from "./user-id.ts";
import { readUuid } from "./uuid.ts";

const currency = "USD";

export const getWallet: CharmEndpoint = (scope, { operations }) => {
  scope.get(
    "/charm/v1/billing/wallet",
    {
      config: { scopes: ["agents:read"] },
      schema: documented({
        operationId: "get_wallet_v1_billing_wallet_get",
        tag: "Billing",
        summary: "Get Wallet",
        description:
          "`balance` is what was booked and paid in less what runs have cost; `available` what runs may still cost under the organization's credit limit, null without one.",
        status: 200,
        takesNothing: true,
      }),
    },
    async (request, reply): Promise<FastifyReply> => {
      const wallet = await operations.getWallet(principalOf(request));
      const { balanceNanoUsd, reservedNanoUsd, creditLimitNanoUsd, availableNanoUsd } = wallet;
      return sendJson(reply, 200, {
        balance: toUsd(balanceNanoUsd),
        currency,
        reserved: toUsd(reservedNanoUsd),
        credit_limit: creditLimitNanoUsd === null ? null : toUsd(creditLimitNanoUsd),
        available: availableNanoUsd === null ? null : toUsd(availableNanoUsd),
      });
    },
  );
};

export const listSubscriptions: CharmEndpoint = (scope, { operations }) => {
  scope.get(
    "/charm/v1/billing/subscriptions",
    {
      config: { scopes: ["agents:read"] },
      schema: {
        ...documented({
          operationId: "list_subscriptions_v1_billing_subscriptions_get",
          tag: "Billing",
          summary: "List Subscriptions",
          description: "Newest first.",
          status: 200,
          answer: z.array(z.looseObject({})),
        }),
        querystring: z.object({ limit: limitQuery(100), offset: offsetQuery() }),
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      const caller = principalOf(request);
      const { items } = await operations.listSubscriptions(caller, {}, request.query);
      const aliases = await operations.readAliases(
        caller,
        items.map(({ agentId }) => agentId),
      );
      return sendJson(
        reply,
        200,
        items.map((subscription) => renderSubscription(subscription, aliases)),
      );
    },
  );
};

export const createSubscription: CharmEndpoint = (scope, { operations }) => {
  scope.post(
    "/charm/v1/billing/subscriptions",
    {
      config: { scopes: ["agents:write"] },
      schema: {
        ...documented({
          operationId: "create_subscription_v1_billing_subscriptions_post",
          tag: "Billing",
          summary: "Create Subscription",
          description:
            "Active from now on. It books no money. `plan_type` decides the period: `weekly`, `monthly`, `quarterly` or `yearly`; others have no end.",
          status: 201,
          errors: [404, 409],
        }),
        body: subscriptionCreateSchema,
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      const caller = principalOf(request);
      const { agent_id: agent, user_id: userId, plan_type: planType, price_usd: price } = request.body;
      const agentId = await requireId(operations, caller, "agent", agent);
      const subscription = await operations.createSubscription(caller, {
        agentId,
        userId: userIdOf(caller, userId),
        planType,
        priceNanoUsd: toNanoUsd(price),
      });
      return sendJson(reply, 201, renderSubscription(subscription, await operations.readAliases(caller, [agentId])));
    },
  );
};

export const getSubscription: CharmEndpoint = (scope, { operations }) => {
  scope.get(
    "/charm/v1/billing/subscriptions/:subscription_id",
    {
      config: { scopes: ["agents:read"] },
      schema: {
        ...documented({
          operationId: "get_subscription_v1_billing_subscriptions__subscription_id__get",
          tag: "Billing",
          summary: "Get Subscription",
          status: 200,
          errors: [404],
        }),
        params: z.object({ subscription_id: text }),
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      const caller = principalOf(request);
      const id = readUuid(request.params.subscription_id);
      if (id === undefined) throw new RunyardError("subscription_not_found", "There is no such subscription.");
      const subscription = await operations.getSubscription(caller, id);
      const aliases = await operations.readAliases(caller, [subscription.agentId]);
      return sendJson(reply, 200, renderSubscription(subscription, aliases));
    },
  );
};

export const createTransaction: CharmEndpoint = (scope, { operations }) => {
  scope.post(
    "/charm/v1/billing/transactions",
    {
      config: { scopes: ["agents:write"] },
      schema: {
        ...documented({
          operationId: "create_transaction_v1_billing_transactions_post",
          tag: "Billing",
          summary: "Create Transaction",
          description:
            "Books an amount in the wallet. The types `charge`, `chargeback`, `debit`, `fee`, `payout`, `purchase`, `spend`, `subscription`, `tip`, `usage` and `withdrawal` take it out; of every other type the amount is added as it is. The same `type` and `reference_id` again is the same transaction; with another amount it is refused. No transaction changes what runs may cost under a credit limit.",
          status: 200,
          errors: [404, 409],
        }),
        body: transactionRequestSchema,
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      const caller = principalOf(request);
      const { amount, type, reference_id: reference, agent_id: agent, description } = request.body;
      const agentId = agent == null ? undefined : await requireId(operations, caller, "agent", agent);
      const transaction = await operations.createTransaction(caller, {
        amountNanoUsd: toNanoUsd(amount),
        type,
        reference,
        ...(agentId !== undefined && { agentId }),
        ...(description != null && { description }),
      });
      return sendJson(reply, 200, {
        id: transaction.id,
        transaction_id: transaction.id,
        type,
        amount,
        currency,
        reference_id: reference,
        agent_id: agent ?? null,
        description: transaction.description ?? null,
        status: "completed",
        created_at: renderTime(transaction.at),
      });
    },
  );
};

function renderSubscription(subscription: Subscription, aliases: ReadonlyMap<Id, string>): JsonObject {
  const { id, agentId, periodEnd } = subscription;
  return {
    id,
    subscription_id: id,
    agent_id: aliases.get(agentId) ?? agentId,
    user_id: subscription.userId,
    plan_type: subscription.planType,
    price_usd: toUsd(subscription.priceNanoUsd),
    status: subscription.status,
    is_active: subscription.status === "active",
    current_period_start: renderTime(subscription.periodStart),
    current_period_end: periodEnd === null ? null : renderTime(periodEnd),
    created_at: renderTime(subscription.createdAt),
    updated_at: renderTime(subscription.updatedAt),
  };
}
