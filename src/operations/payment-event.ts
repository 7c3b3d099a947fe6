import { z } from "zod";

const word = z.string().min(1).max(255);
const lenient = <S extends z.ZodType>(schema: S) => schema.optional().catch(undefined);
/** The provider names another object by its id, or shows it whole. */
const reference = lenient(z.union([word, z.object({ id: word }).transform(({ id }) => id)]));
const cents = lenient(z.int().min(0).max(100_000_000));
const seconds = lenient(z.int().min(0).max(253_402_300_799));
const metadata = lenient(
  z.object({ organization_id: lenient(word), subscription_id: lenient(word), reference_id: lenient(word) }),
);
const period = lenient(z.object({ start: seconds, end: seconds }));

/**
 * An event of the payment provider, as far as it concerns us. A member of another form than ours is passed over: the
 * provider changes its objects between versions of its API, and some members have moved.
 *
 * @see https://docs.stripe.com/api/events/object
 */
export const paymentEventSchema = z.object({
  id: word,
  type: word,
  data: z.object({
    object: z.object({
      id: lenient(word),
      status: lenient(word),
      mode: lenient(word),
      payment_status: lenient(word),
      currency: lenient(word),
      amount_total: cents,
      amount_paid: cents,
      amount_received: cents,
      amount_refunded: cents,
      payment_intent: reference,
      subscription: reference,
      invoice: reference,
      metadata,
      current_period_start: seconds,
      current_period_end: seconds,
      items: lenient(
        z.object({ data: z.array(z.object({ current_period_start: seconds, current_period_end: seconds })) }),
      ),
      lines: lenient(z.object({ data: z.array(z.object({ period })) })),
      subscription_details: lenient(z.object({ metadata })),
      parent: lenient(z.object({ subscription_details: lenient(z.object({ subscription: reference, metadata })) })),
    }),
  }),
});
export type PaymentEvent = z.infer<typeof paymentEventSchema>;
export type PaymentObject = PaymentEvent["data"]["object"];

/** What the object says of itself, of its subscription, or of the subscription it was made for. */
export function metadataOf(object: PaymentObject): {
  organizationId: string | undefined;
  subscriptionId: string | undefined;
  referenceId: string | undefined;
} {
  const all = [
    object.metadata,
    object.subscription_details?.metadata,
    object.parent?.subscription_details?.metadata,
  ].filter((one) => one !== undefined);
  const first = (read: (one: (typeof all)[number]) => string | undefined) => all.map(read).find(Boolean);
  return {
    organizationId: first((one) => one.organization_id),
    subscriptionId: first((one) => one.subscription_id),
    referenceId: first((one) => one.reference_id),
  };
}

/** The provider's own id of the subscription that an invoice or a checkout is for. */
export function providerSubscription(object: PaymentObject): string | undefined {
  return object.subscription ?? object.parent?.subscription_details?.subscription;
}

/** The period that an invoice pays, or that a subscription is in. Epoch milliseconds. */
export function paidPeriod(object: PaymentObject): { start: number; end: number } | undefined {
  const spans = [
    { start: object.current_period_start, end: object.current_period_end },
    ...(object.items?.data ?? []).map((item) => ({ start: item.current_period_start, end: item.current_period_end })),
    ...(object.lines?.data ?? []).map((line) => ({ start: line.period?.start, end: line.period?.end })),
  ];
  let latest: { start: number; end: number } | undefined;
  for (const { start, end } of spans) {
    if (start === undefined || end === undefined || end * 1000 <= (latest?.end ?? 0)) continue;
    latest = { start: start * 1000, end: end * 1000 };
  }
  return latest;
}
