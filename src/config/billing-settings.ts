import { z } from "zod";
import { setting } from "./setting.ts";
import { secretSchema } from "./setting-types.ts";

/** What concerns the money of organizations. */
export const billingSettingsSchema = z
  .strictObject({
    stripeWebhookSecret: setting(secretSchema.max(500).optional(), {
      env: ["RUNYARD_STRIPE_WEBHOOK_SECRET"],
      text: "text",
      expected: "the signing secret of a Stripe webhook, without blanks",
      about: "Lets `/charm/v1/billing/webhook-event` take Stripe's events. Not set: it refuses them.",
      secret: true,
    }),
    weeklyCreditUsd: setting(z.number().positive().max(1_000_000).optional(), {
      env: ["RUNYARD_WEEKLY_CREDIT_USD"],
      text: "number",
      expected: "US dollars, above 0",
      about: "What the weekly reset gives every organization back to spend. Not set: the reset does nothing.",
    }),
  })
  .prefault({});
