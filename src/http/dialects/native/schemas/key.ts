import { z } from "zod";
import { scopeSchema } from "../../../../contract/organization.ts";
import { nameSchema, timeSchema } from "./text.ts";

export const createKeySchema = z
  .object({
    name: nameSchema,
    environment: z.enum(["live", "test"]).describe("Test keys see an organization of their own."),
    scopes: z
      .array(scopeSchema)
      .min(1)
      .optional()
      .describe("Default: agents:read, agents:write, agents:execute, analytics:read."),
    expiresAt: z.iso.datetime({ offset: true }).nullable().optional().describe("Null or absent: never."),
  })
  .meta({ id: "CreateKeyRequest" });

export const keySchema = z
  .object({
    id: z.string(),
    name: z.string(),
    prefix: z.string().describe("The first 16 characters of the key."),
    environment: z.enum(["live", "test"]),
    scopes: z.array(scopeSchema),
    lastUsed: timeSchema.nullable(),
    expiresAt: timeSchema.nullable(),
    createdAt: timeSchema,
  })
  .meta({ id: "Key" });
export type WireKey = z.infer<typeof keySchema>;

export const createdKeySchema = keySchema
  .extend({ key: z.string().describe("The key itself, shown only here.") })
  .meta({ id: "CreatedKey" });
export type WireCreatedKey = z.infer<typeof createdKeySchema>;

export const revokedKeySchema = z.object({ id: z.string(), deleted: z.literal(true), revokedAt: timeSchema });
