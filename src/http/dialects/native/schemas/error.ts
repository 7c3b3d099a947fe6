import { z } from "zod";

export const errorTypes = [
  "invalid_request_error",
  "authentication_error",
  "permission_error",
  "not_found_error",
  "conflict_error",
  "validation_error",
  "rate_limit_error",
  "internal_error",
  "upstream_error",
  "overloaded_error",
] as const;
export type ErrorType = (typeof errorTypes)[number];

/** The one shape of every error answer. */
export const errorSchema = z
  .object({
    error: z.object({
      type: z.enum(errorTypes),
      code: z.string().describe("Stable, for programs."),
      message: z.string().describe("For people: what was expected, what came, what to do."),
      param: z.string().optional().describe("The field at fault, nested with dots."),
      requestId: z.string().describe("The same as the header X-Request-Id."),
      executionId: z.string().optional().describe("The execution that failed, when there is one."),
    }),
  })
  .meta({ id: "Error" });
export type WireError = z.infer<typeof errorSchema>;

/** The error that a failed execution keeps. */
export const executionErrorSchema = z.object({ type: z.enum(errorTypes), code: z.string(), message: z.string() });
