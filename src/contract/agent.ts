import { z } from "zod";
import type { Id } from "./ids.ts";
import { jsonObjectSchema } from "./json.ts";
import { toolDefinitionSchema } from "./tool.ts";

export const metadataSchema = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));
export type Metadata = z.infer<typeof metadataSchema>;

/** An LLM tool loop over a conversation. */
export const chatDefinitionSchema = z.object({
  runtime: z.literal("chat"),
  name: z.string(),
  model: z.string(),
  systemPrompt: z.string(),
  tools: z.array(toolDefinitionSchema),
  parameters: z.object({
    temperature: z.number().optional(),
    maxTokens: z.int().optional(),
    topP: z.number().optional(),
  }),
  memory: z.object({ enabled: z.boolean(), maxTurns: z.int(), summarize: z.boolean() }),
  /** JSON Schema of the final answer; the answer is then validated, repaired once, else failed. */
  outputSchema: jsonObjectSchema.optional(),
  template: z.string().optional(),
  metadata: metadataSchema,
});
export type ChatDefinition = z.infer<typeof chatDefinitionSchema>;

/** What a version is a snapshot of: a closed union by `runtime`. */
export const agentDefinitionSchema = z.discriminatedUnion("runtime", [chatDefinitionSchema]);
export type AgentDefinition = z.infer<typeof agentDefinitionSchema>;
export type RuntimeName = AgentDefinition["runtime"];

export type AgentStatus = "active" | "paused";

export interface Agent {
  id: Id;
  organizationId: Id;
  status: AgentStatus;
  currentVersion: AgentVersion;
  createdAt: number;
  updatedAt: number;
}

/** Immutable. */
export interface AgentVersion {
  id: Id;
  agentId: Id;
  /** 1, 2, 3, … within the agent. */
  number: number;
  definition: AgentDefinition;
  createdAt: number;
}
