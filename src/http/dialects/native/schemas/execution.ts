import { z } from "zod";
import { executionErrorSchema } from "./error.ts";
import { jsonObjectSchema, jsonValueSchema, metadataSchema } from "./metadata.ts";
import { timeSchema } from "./text.ts";

const maxInputCharacters = 200_000;
const maxSessionBytes = 32 * 1024;

const sessionSchema = jsonObjectSchema
  .refine((session) => Object.keys(session).length <= 64, { error: "an object of at most 64 members" })
  .refine((session) => Buffer.byteLength(JSON.stringify(session)) <= maxSessionBytes, {
    error: "an object of at most 32 KiB of JSON",
  })
  .meta({
    type: "object",
    additionalProperties: true,
    maxProperties: 64,
    description: "Key/value pairs the agent may use, carried along in the conversation. Null removes a key.",
  });

const textInputSchema = z
  .string()
  .refine((text) => text.length <= maxInputCharacters + 1000 && hasInput(text), {
    error: `text of 1 to ${maxInputCharacters} characters that is not only white space`,
  })
  .meta({ minLength: 1, maxLength: maxInputCharacters, description: "The user's message or prompt." });

const objectInputSchema = jsonObjectSchema
  .refine((input) => JSON.stringify(input).length <= maxInputCharacters, {
    error: `an object of at most ${maxInputCharacters} characters of JSON`,
  })
  .meta({
    type: "object",
    additionalProperties: true,
    description:
      "What a code agent's program is called with. A chat agent takes its `message`, `input`, `task`, `text` or `prompt`, else all of it as JSON.",
  });

export const executeRequestSchema = z
  .object({
    input: z.union([textInputSchema, objectInputSchema]).describe("A message; for code agents also an object."),
    conversationId: z.string().optional().describe("Continues this conversation; absent: a new one begins."),
    stream: z.boolean().default(false).describe("Answer with server-sent events."),
    memory: z.object({ session: sessionSchema.optional() }).optional(),
    memoryStores: z.array(z.string()).max(8).optional().describe("Ids of persistent memory stores to attach."),
    metadata: metadataSchema.optional(),
  })
  .meta({ id: "ExecuteRequest" });

function hasInput(text: string): boolean {
  const trimmed = text.trim();
  return trimmed.length >= 1 && trimmed.length <= maxInputCharacters;
}

export const usageSchema = z
  .object({
    inputTokens: z.int(),
    outputTokens: z.int(),
    totalTokens: z.int().describe("Input and output together; cache tokens are not added."),
    cacheReadTokens: z.int(),
    cacheWriteTokens: z.int(),
  })
  .meta({ id: "Usage" });
export type WireUsage = z.infer<typeof usageSchema>;

export const toolCallSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    parameters: jsonObjectSchema,
    result: jsonValueSchema.describe("Null while pending and after a failure."),
    duration: z.int().nullable().describe("Milliseconds; null while pending."),
    error: z.object({ code: z.string(), message: z.string() }).optional(),
  })
  .meta({ id: "ToolCall" });
export type WireToolCall = z.infer<typeof toolCallSchema>;

export const timingSchema = z
  .object({
    totalMs: z.int().describe("From acceptance to the end."),
    firstTokenMs: z.int().nullable().describe("From acceptance to the first text; null when no text came."),
    toolCallMs: z.int().describe("Time in which at least one tool call ran."),
  })
  .meta({ id: "Timing" });

export const executionStatuses = ["running", "completed", "failed", "cancelled", "requires_action"] as const;
export type WireExecutionStatus = (typeof executionStatuses)[number];

export const executionSchema = z
  .object({
    id: z.string(),
    agentId: z.string().nullable(),
    conversationId: z.string().nullable(),
    status: z
      .enum(executionStatuses)
      .describe("`requires_action` appears only for agents with tools that the client runs."),
    input: z.string().optional(),
    output: z.string().describe("The final text; the text so far while running or when cancelled; never null."),
    toolCalls: z.array(toolCallSchema).describe("In the order they started."),
    usage: usageSchema,
    timing: timingSchema,
    metadata: jsonObjectSchema,
    error: executionErrorSchema.optional().describe("Only when failed."),
    createdAt: timeSchema,
    completedAt: timeSchema.optional(),
  })
  .meta({ id: "Execution" });
export type WireExecution = z.infer<typeof executionSchema>;

export const cancelledExecutionSchema = z
  .object({
    id: z.string(),
    status: z.literal("cancelled"),
    output: z.string(),
    usage: z.object({ inputTokens: z.int(), outputTokens: z.int(), totalTokens: z.int() }),
  })
  .meta({ id: "CancelledExecution" });
export type WireCancelledExecution = z.infer<typeof cancelledExecutionSchema>;

export const toolResultsSchema = z
  .object({
    toolResults: z
      .array(
        z
          .object({
            toolCallId: z.string(),
            result: jsonValueSchema.optional(),
            error: z.string().min(1).max(8000).optional().describe("What went wrong, told to the model."),
          })
          .refine(({ result, error }) => (result === undefined) !== (error === undefined), {
            error: "an object with either `result` or `error`",
          }),
      )
      .min(1)
      .max(128)
      .describe("One for every pending call."),
    stream: z.boolean().default(false),
  })
  .meta({ id: "ToolResults" });
