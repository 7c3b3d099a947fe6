import { z } from "zod";

/** A name that people read: 1 to 100 characters, not only white space. */
export const nameSchema = z
  .string()
  .min(1)
  .max(100)
  .refine((text) => text.trim() !== "", { error: "text with more than white space" });

export const webAddressSchema = z
  .url({ protocol: /^https?$/ })
  .max(2048)
  .describe("An absolute http or https URL.");

/** Times are ISO 8601 in UTC with second precision. */
export const timeSchema = z.string().meta({ format: "date-time", description: "ISO 8601 in UTC." });

/** A path parameter. Ids are opaque; a malformed one is answered like an unknown one. */
export const idParamsSchema = z.object({ id: z.string().describe("The object's id.") });
