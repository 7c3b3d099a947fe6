import { z } from "zod";

/** Every error but those of a schema. */
export const errorSchema = z.object({ detail: z.string() }).meta({ id: "HTTPError" });

export const validationErrorSchema = z
  .object({
    detail: z.array(
      z
        .object({ loc: z.array(z.union([z.string(), z.int()])), msg: z.string(), type: z.string() })
        .meta({ id: "ValidationError" }),
    ),
  })
  .meta({ id: "HTTPValidationError" });
