import { z } from "zod";
import { jsonObjectSchema } from "../../contract/json.ts";

/** What the server and its inference process say to each other, one JSON message at a time. */
const promptItemSchema = z.object({ role: z.enum(["system", "user", "model"]), text: z.string() });
export type PromptItem = z.infer<typeof promptItemSchema>;

const generationSchema = z.object({
  history: z.array(promptItemSchema),
  /** In the words of the grammar, see `grammarSchema`; absent for free text. */
  schema: jsonObjectSchema.optional(),
  maxTokens: z.int(),
  temperature: z.number(),
  topP: z.number().optional(),
  repeatPenalty: z.boolean(),
});
export type Generation = z.infer<typeof generationSchema>;

export const toProcessSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("load"), path: z.string(), contextSize: z.int(), threads: z.int() }),
  /** One at a time: the next only after `end` or `failed` of the one before. */
  z.object({ type: z.literal("generate"), generation: generationSchema }),
  /** Ends the running generation early; its `end` still comes. */
  z.object({ type: z.literal("abort") }),
]);
export type ToProcess = z.infer<typeof toProcessSchema>;

export const fromProcessSchema = z.discriminatedUnion("type", [
  /** From 0 to 1. */
  z.object({ type: z.literal("loading"), share: z.number() }),
  z.object({ type: z.literal("ready") }),
  z.object({ type: z.literal("text"), text: z.string() }),
  z.object({ type: z.literal("thought"), text: z.string() }),
  z.object({
    type: z.literal("end"),
    reason: z.enum(["stop", "length", "aborted"]),
    inputTokens: z.int(),
    /** How many of the input tokens were still in the context from the call before. */
    reusedTokens: z.int(),
    outputTokens: z.int(),
    /** The part of the output that was thought. */
    thoughtTokens: z.int(),
  }),
  z.object({
    type: z.literal("failed"),
    reason: z.enum(["library", "load", "too-long", "generate"]),
    message: z.string(),
  }),
]);
export type FromProcess = z.infer<typeof fromProcessSchema>;
export type GenerationEnd = Extract<FromProcess, { type: "end" }>;
