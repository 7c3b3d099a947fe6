import { z } from "zod";
import { errorTypes } from "./error.ts";
import { timingSchema, usageSchema } from "./execution.ts";
import { jsonObjectSchema, jsonValueSchema } from "./metadata.ts";
import { timeSchema } from "./text.ts";

const startSchema = z.object({
  type: z.literal("execution_start"),
  executionId: z.string(),
  agentId: z.string().nullable(),
  conversationId: z.string().nullable(),
  createdAt: timeSchema,
});

const toolCallStart = { id: z.string(), name: z.string(), parameters: jsonObjectSchema };

/** What the `data:` lines of a stream hold. */
export const streamEventSchema = z
  .discriminatedUnion("type", [
    startSchema,
    z.object({ type: z.literal("text_delta"), text: z.string() }),
    z.object({ type: z.literal("thinking"), text: z.string() }),
    z.object({ type: z.literal("tool_call_start"), ...toolCallStart }),
    z.object({
      type: z.literal("tool_call_end"),
      id: z.string(),
      name: z.string(),
      result: jsonValueSchema,
      duration: z.int(),
      error: z.object({ code: z.string(), message: z.string() }).optional(),
    }),
    z.object({ type: z.literal("tool_call_required"), ...toolCallStart }),
    z.object({
      type: z.literal("done"),
      executionId: z.string(),
      conversationId: z.string().nullable(),
      status: z.enum(["completed", "cancelled", "requires_action"]),
      output: z.string(),
      usage: usageSchema,
      timing: timingSchema,
    }),
    z.object({
      type: z.literal("error"),
      message: z.string(),
      code: z.string(),
      errorType: z.enum(errorTypes),
      requestId: z.string(),
      executionId: z.string(),
      usage: usageSchema,
    }),
  ])
  .meta({ id: "StreamEvent" });
export type StreamEvent = z.infer<typeof streamEventSchema>;
