import { z } from "zod";
import type { Json, JsonObject } from "../../../../contract/json.ts";

/** Up to 16 short facts that are attached and given back. */
export const metadataSchema = z
  .record(z.string().min(1).max(64), z.union([z.string().max(512), z.number(), z.boolean()]))
  .refine((metadata) => Object.keys(metadata).length <= 16, { error: "an object of at most 16 members" })
  .meta({ maxProperties: 16, description: "Values are text of up to 512 characters, numbers or booleans." });

/** Changes metadata one level deep; null removes a key. */
export const metadataChangeSchema = z
  .record(z.string().min(1).max(64), z.union([z.string().max(512), z.number(), z.boolean(), z.null()]))
  .describe("Merged over the present metadata; null removes a key.");

/**
 * An object out of a parsed JSON body. Its depth and its member names were checked when the body was read, so a look at
 * its type is enough.
 */
export const jsonObjectSchema = z
  .custom<JsonObject>((value) => typeof value === "object" && value !== null && !Array.isArray(value), {
    error: "an object",
  })
  .meta({ type: "object", additionalProperties: true });

/** Any value out of a parsed JSON body. */
export const jsonValueSchema = z.custom<Json>((value) => value !== undefined, { error: "any JSON value" }).meta({});
