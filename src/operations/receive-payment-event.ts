import { sql } from "kysely";
import { RunyardError } from "../contract/errors.ts";
import { type Id, newId } from "../contract/ids.ts";
import type { Json } from "../contract/json.ts";
import type { Subscription, SubscriptionStatus, Transaction } from "../contract/ledger.ts";
import { type Database, toStatement } from "../store/database.ts";
import { type Statement, UnitRejected } from "../store/statement.ts";
import { bookTransaction, findTransaction } from "./ledger-row.ts";
import type { PaymentEventOutcome } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import {
  metadataOf,
  paidPeriod,
  type PaymentEvent,
  paymentEventSchema,
  type PaymentObject,
  providerSubscription,
} from "./payment-event.ts";
import { checkPaymentSignature } from "./payment-signature.ts";
import { periodEnd } from "./subscription-period.ts";
import { readSubscription } from "./subscription-row.ts";

type Parts = Pick<OperationParts, "database" | "now" | "billing">;

const maxTries = 5;
const nanoPerCent = 10_000_000;

/**
 * Takes word from the payment provider. The signature is the proof of who is calling, so there is no key; the
 * organization is the one that the object's metadata names. The same event again changes nothing.
 *
 * - `checkout.session.completed`, `payment_intent.succeeded`: money paid in; it makes room under the credit limit.
 * - `checkout.session.completed` of a subscription, `invoice.paid`, `customer.subscription.updated` and `.deleted`: the
 *   subscription's status and period. A paid invoice books the payment and, for the same amount, the subscription.
 * - `charge.refunded`: what went back is taken off again.
 *
 * @throws `payment_event_refused`, `unprocessable` for a signed body that is no event
 */
export async function receivePaymentEvent(
  parts: Parts,
  request: { payload: Uint8Array; body: Json; signature: string | undefined },
): Promise<PaymentEventOutcome> {
  const { webhookSecret } = parts.billing;
  if (webhookSecret === undefined) {
    throw new RunyardError(
      "payment_event_refused",
      "This server takes no payment events: set RUNYARD_STRIPE_WEBHOOK_SECRET to the signing secret of the webhook.",
      { param: "stripe-signature" },
    );
  }
  checkPaymentSignature({ ...request, secret: webhookSecret }, parts.now());
  const parsed = paymentEventSchema.safeParse(request.body);
  if (!parsed.success) {
    throw new RunyardError("unprocessable", "The body is no event: it needs id, type and data.object.");
  }
  for (let count = 1; count <= maxTries; count += 1) {
    const outcome = await tryReceive(parts, parsed.data);
    if (outcome !== "overtaken") return outcome;
  }
  return {
    handled: false,
    reason: "Another event of the same payment is being taken, or another subscription is active.",
  };
}

async function tryReceive(parts: Parts, event: PaymentEvent): Promise<PaymentEventOutcome | "overtaken"> {
  const { database, now } = parts;
  const place = await findPlace(parts, event.data.object);
  if (typeof place === "string") return { handled: false, reason: place };
  const effects = await effectsOf(parts, event, place);
  if (typeof effects === "string") return { handled: false, reason: effects };
  const seen = database.builder
    .insertInto("payment_event")
    .values({ id: event.id, organization_id: place.organizationId, type: event.type, received_at: now() });
  try {
    await database.write([toStatement(seen), ...effects]);
  } catch (error) {
    if (!(error instanceof UnitRejected)) throw error;
    if (error.statement === 0) return { handled: true, isDuplicate: true };
    return "overtaken";
  }
  return { handled: true };
}

/** Whom an event is about. */
interface Place {
  organizationId: Id;
  subscription: Subscription | undefined;
  referenceId: string | undefined;
}

/** @returns why there is none, as a text */
async function findPlace({ database, now }: Parts, object: PaymentObject): Promise<Place | string> {
  const { organizationId, subscriptionId, referenceId } = metadataOf(object);
  const subscription = await findSubscription(database, subscriptionId, object, now());
  const owner = organizationId?.toLowerCase() ?? subscription?.organizationId;
  if (owner === undefined) return "The object names no organization: set organization_id in its metadata.";
  const [row] = await database.read(
    toStatement(database.builder.selectFrom("organization").select("id").where("id", "=", owner)),
  );
  if (row === undefined) return "There is no such organization.";
  return {
    organizationId: owner,
    subscription: subscription?.organizationId === owner ? subscription : undefined,
    referenceId,
  };
}

async function findSubscription(
  database: Database,
  subscriptionId: string | undefined,
  object: PaymentObject,
  now: number,
): Promise<Subscription | undefined> {
  const references = [providerSubscription(object), object.id].filter((reference) => reference !== undefined);
  if (subscriptionId === undefined && references.length === 0) return undefined;
  const query = database.builder
    .selectFrom("subscription")
    .selectAll()
    .where((where) =>
      subscriptionId === undefined
        ? where("provider_reference", "in", references)
        : where("id", "=", subscriptionId.toLowerCase()),
    )
    .orderBy("id", "desc")
    .limit(1);
  const [row] = await database.read(toStatement(query));
  return row === undefined ? undefined : readSubscription(row, now);
}

/** @returns why there are none, as a text */
async function effectsOf(parts: Parts, event: PaymentEvent, place: Place): Promise<Statement[] | string> {
  const { object } = event.data;
  switch (event.type) {
    case "checkout.session.completed":
      if (object.mode === "subscription") {
        if (place.subscription === undefined) return noSubscription;
        return changeSubscription(parts, place.subscription, { status: "active", provider: object.subscription });
      }
      if (object.payment_status !== "paid") return "The checkout is not paid.";
      return payIn(parts, place, object, object.amount_total, object.payment_intent ?? object.id);
    case "payment_intent.succeeded":
      if (object.invoice !== undefined) return "The payment belongs to an invoice, which comes as invoice.paid.";
      return payIn(parts, place, object, object.amount_received, object.id);
    case "invoice.paid":
      if (place.subscription === undefined) return payIn(parts, place, object, object.amount_paid, object.id);
      return paySubscription(parts, place.subscription, object);
    case "customer.subscription.updated":
      if (place.subscription === undefined) return noSubscription;
      return changeSubscription(parts, place.subscription, {
        status: statusOf(object.status),
        provider: object.id,
        period: paidPeriod(object),
      });
    case "customer.subscription.deleted":
      if (place.subscription === undefined) return noSubscription;
      return changeSubscription(parts, place.subscription, { status: "cancelled", provider: object.id });
    case "charge.refunded":
      return refund(parts, place, object);
    default:
      return `Events of the type ${event.type} change nothing here.`;
  }
}

const noSubscription = "There is no such subscription: set subscription_id in the object's metadata.";

async function payIn(
  parts: Parts,
  { organizationId, referenceId }: Place,
  object: PaymentObject,
  cents: number | undefined,
  providerId: string | undefined,
): Promise<Statement[] | string> {
  const reference = referenceId ?? providerId;
  const problem = moneyProblem(object, cents);
  if (problem !== undefined || cents === undefined) return problem ?? noAmount;
  if (reference === undefined) return "The object has no id.";
  return bookOnce(parts, {
    organizationId,
    kind: "payment",
    type: "topup",
    reference,
    agentId: undefined,
    description: "Paid in",
    amountNanoUsd: cents * nanoPerCent,
  });
}

/** The money comes in and goes out for the subscription: the wallet stays, and the agent's owner has earned it. */
async function paySubscription(
  parts: Parts,
  subscription: Subscription,
  object: PaymentObject,
): Promise<Statement[] | string> {
  const { amount_paid: cents, id: reference } = object;
  const problem = moneyProblem(object, cents);
  if (problem !== undefined || cents === undefined) return problem ?? noAmount;
  if (reference === undefined) return "The invoice has no id.";
  const start = parts.now();
  const end = periodEnd(subscription.planType, start);
  const { organizationId, agentId } = subscription;
  const common = { organizationId, kind: "transaction", reference, agentId } as const;
  const amountNanoUsd = cents * nanoPerCent;
  return [
    ...changeSubscription(parts, subscription, {
      status: "active",
      provider: providerSubscription(object),
      period: paidPeriod(object) ?? (end === null ? undefined : { start, end }),
    }),
    ...(await bookOnce(parts, { ...common, type: "payment", description: "Paid for a subscription", amountNanoUsd })),
    ...(await bookOnce(parts, {
      ...common,
      type: "subscription",
      description: `Subscription ${subscription.id}`,
      amountNanoUsd: -amountNanoUsd,
    })),
  ];
}

/** The provider tells the sum of all refunds of a charge; what earlier events have booked of it is left out. */
async function refund(parts: Parts, place: Place, object: PaymentObject): Promise<Statement[] | string> {
  const { organizationId, subscription } = place;
  const { amount_refunded: cents, id: charge } = object;
  const problem = moneyProblem(object, cents);
  if (problem !== undefined || cents === undefined) return problem ?? noAmount;
  if (charge === undefined) return "The charge has no id.";
  const before = await refundedBefore(parts.database, organizationId, charge);
  const amountNanoUsd = cents * nanoPerCent - before;
  if (amountNanoUsd <= 0) return [];
  const reference = `${charge}:${before}`; // one that is booked from the same sum at the same time is refused
  const common = { organizationId, reference, agentId: subscription?.agentId } as const;
  const back = { ...common, type: "payment_refund", description: "Refunded", amountNanoUsd: -amountNanoUsd } as const;
  if (subscription === undefined) return bookTransactionNow(parts, { ...back, kind: "payment" });
  return [
    ...bookTransactionNow(parts, { ...back, kind: "transaction" }),
    ...bookTransactionNow(parts, {
      ...common,
      kind: "transaction",
      type: "subscription_refund",
      description: `Refund of subscription ${subscription.id}`,
      amountNanoUsd,
    }),
  ];
}

async function refundedBefore(database: Database, organizationId: Id, charge: string): Promise<number> {
  const prefix = `${charge}:`;
  const [row] = await database.read(
    toStatement(
      database.builder
        .selectFrom("credit_entry")
        .select(sql<number>`cast(coalesce(sum(-amount_nano_usd), 0) as bigint)`.as("sum"))
        .where("organization_id", "=", organizationId)
        .where("type", "=", "payment_refund")
        .where(sql<boolean>`substr(reference, 1, ${sql.lit(prefix.length)}) = ${prefix}`),
    ),
  );
  return Number(row?.["sum"] ?? 0);
}

function changeSubscription(
  { database, now }: Parts,
  subscription: Subscription,
  change: {
    status: SubscriptionStatus | undefined;
    provider: string | undefined;
    period?: { start: number; end: number } | undefined;
  },
): Statement[] {
  const { status, provider, period } = change;
  return [
    toStatement(
      database.builder
        .updateTable("subscription")
        .set({
          updated_at: now(),
          ...(status !== undefined && { status }),
          ...(provider !== undefined && { provider_reference: provider }),
          ...(period !== undefined && { period_start: period.start, period_end: period.end }),
        })
        .where("id", "=", subscription.id)
        .where("organization_id", "=", subscription.organizationId),
    ),
  ];
}

/** @see https://docs.stripe.com/api/subscriptions/object#subscription_object-status */
function statusOf(status: string | undefined): SubscriptionStatus | undefined {
  switch (status) {
    case "active":
    case "trialing":
      return "active";
    case "past_due":
    case "unpaid":
    case "incomplete":
    case "paused":
      return "past_due";
    case "canceled":
    case "incomplete_expired":
      return "cancelled";
    default:
      return undefined;
  }
}

const noAmount = "The object has no amount.";

function moneyProblem({ currency }: PaymentObject, cents: number | undefined): string | undefined {
  if (cents === undefined) return noAmount;
  return currency?.toLowerCase() === "usd" ? undefined : "Only US dollars are booked.";
}

/** Nothing when it is there: some payments are told by two events. */
async function bookOnce(parts: Parts, entry: Omit<Transaction, "id" | "at">): Promise<Statement[]> {
  if ((await findTransaction(parts.database, entry)) !== undefined) return [];
  return bookTransactionNow(parts, entry);
}

function bookTransactionNow({ database, now }: Parts, entry: Omit<Transaction, "id" | "at">): Statement[] {
  return [...bookTransaction(database, { ...entry, id: newId(), at: now() })];
}
