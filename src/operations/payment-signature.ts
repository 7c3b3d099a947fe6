import { createHmac, timingSafeEqual } from "node:crypto";
import { RunyardError } from "../contract/errors.ts";

/** How far the time in a signature may be from ours, in milliseconds. */
const toleranceMs = 5 * 60 * 1000;

/**
 * Checks the header `Stripe-Signature: t=<epoch seconds>,v1=<hex>[,v1=…]`: a `v1` is HMAC-SHA256 over `<t>.<body>`, and
 * the time keeps an old event from being sent again.
 *
 * @param payload the body as it came, byte for byte
 * @throws `payment_event_refused`
 * @see https://docs.stripe.com/webhooks#verify-manually
 */
export function checkPaymentSignature(
  { payload, signature, secret }: { payload: Uint8Array; signature: string | undefined; secret: string },
  now: number,
): void {
  const fields = (signature ?? "").split(",").map((part) => part.trim().split("=", 2));
  const time = fields.find(([name]) => name === "t")?.[1] ?? "";
  const given = fields.flatMap(([name, value]) => (name === "v1" && value !== undefined ? [value] : []));
  if (!/^\d{1,12}$/.test(time) || given.length === 0) {
    throw refused("The event needs the header Stripe-Signature: t=<seconds>,v1=<hex>.");
  }
  const expected = createHmac("sha256", secret).update(`${time}.`).update(payload).digest();
  const isSigned = given.some((value) => {
    const bytes = /^[0-9a-f]{64}$/i.test(value) ? Buffer.from(value, "hex") : undefined;
    return bytes !== undefined && timingSafeEqual(bytes, expected);
  });
  if (!isSigned) throw refused("The signature of the event is not one of this server's webhook secret.");
  if (Math.abs(now - Number(time) * 1000) > toleranceMs) {
    throw refused("The event was signed more than five minutes away from now.");
  }
}

function refused(message: string): RunyardError {
  return new RunyardError("payment_event_refused", message, { param: "stripe-signature" });
}
