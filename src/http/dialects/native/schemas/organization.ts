import { z } from "zod";
import { planSchema } from "../../../../contract/organization.ts";
import { nameSchema, timeSchema } from "./text.ts";

const creditLimitUsd = z
  .number()
  .min(0)
  .max(1_000_000)
  .nullable()
  .describe("US dollars that its executions may cost; null: no limit.");

export const createOrganizationSchema = z
  .object({ name: nameSchema, plan: planSchema.optional(), creditLimitUsd: creditLimitUsd.optional() })
  .meta({ id: "CreateOrganizationRequest" });

export const updateOrganizationSchema = createOrganizationSchema.partial().meta({ id: "UpdateOrganizationRequest" });

export const organizationSchema = z
  .object({
    id: z.uuid(),
    name: z.string(),
    plan: planSchema,
    creditLimitUsd,
    spentUsd: z.number(),
    reservedUsd: z.number().describe("Held for executions that have not ended."),
    createdAt: timeSchema,
  })
  .meta({ id: "Organization" });
export type WireOrganization = z.infer<typeof organizationSchema>;

export const createdOrganizationSchema = organizationSchema
  .extend({ key: z.string().describe("Its first API key, shown only here.") })
  .meta({ id: "CreatedOrganization" });
export type WireCreatedOrganization = z.infer<typeof createdOrganizationSchema>;
