import { z } from "zod";
import { planSchema } from "../contract/organization.ts";
import { setting } from "./setting.ts";
import { limitSchema } from "./setting-types.ts";

function plan(name: string, given: { perMinute: number | null; perDay: number | null; days: number | null }) {
  return z
    .strictObject({
      requestsPerMinute: setting(limitSchema.default(given.perMinute), {
        text: "number",
        expected: "a whole number from 1, or null for no limit",
        about: `Requests a minute for each API key on the ${name} plan.`,
      }),
      requestsPerDay: setting(limitSchema.default(given.perDay), {
        text: "number",
        expected: "a whole number from 1, or null for no limit",
        about: `Requests a day for each API key on the ${name} plan.`,
      }),
      executionsPerMonth: setting(limitSchema.default(null), {
        text: "number",
        expected: "a whole number from 1, or null for no limit",
        about: `Executions a calendar month (UTC) for each organization on the ${name} plan.`,
      }),
      retentionDays: setting(limitSchema.default(given.days), {
        text: "number",
        expected: "days, a whole number from 1, or null for ever",
        about: `Conversations and executions idle for longer are deleted on the ${name} plan.`,
      }),
    })
    .prefault({});
}

/** What the plans allow. The figures are those of the hosted platform whose wire the native API speaks. */
export const planSettingsSchema = z
  .strictObject({
    default: setting(planSchema.default("enterprise"), {
      env: ["RUNYARD_DEFAULT_PLAN"],
      text: "text",
      expected: "`starter`, `professional` or `enterprise`",
      about: "The plan of organizations that are made without one.",
    }),
    starter: plan("starter", { perMinute: 60, perDay: 10_000, days: 90 }),
    professional: plan("professional", { perMinute: 300, perDay: 100_000, days: 180 }),
    enterprise: plan("enterprise", { perMinute: null, perDay: null, days: null }),
  })
  .prefault({});
