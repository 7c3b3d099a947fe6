import { z } from "zod";
import { toolCallSchema } from "./execution.ts";
import { jsonObjectSchema } from "./metadata.ts";
import { timeSchema } from "./text.ts";

const turnSchema = z
  .object({
    role: z.enum(["user", "assistant"]),
    content: z.string(),
    toolCalls: z.array(toolCallSchema).optional(),
    timestamp: timeSchema,
    executionId: z.string(),
  })
  .meta({ id: "Turn" });
export type WireTurn = z.infer<typeof turnSchema>;

const fields = {
  id: z.string(),
  agentId: z.string().describe("The agent that opened it."),
  tokenCount: z.int().describe("Tokens used by its executions in all."),
  turnCount: z.int().describe("Entries of `turns`."),
  session: jsonObjectSchema,
  createdAt: timeSchema,
  lastActiveAt: timeSchema,
};

/** A conversation as lists show it. */
export const conversationSummarySchema = z.object(fields).meta({ id: "ConversationSummary" });
export type WireConversationSummary = z.infer<typeof conversationSummarySchema>;

export const conversationSchema = z
  .object({ ...fields, turns: z.array(turnSchema).describe("Oldest first.") })
  .meta({ id: "Conversation" });
export type WireConversation = z.infer<typeof conversationSchema>;
