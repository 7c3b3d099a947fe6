import { z } from "zod";
import { changeCodeFields, codeFields, createCodeAgentSchema } from "./code-agent.ts";
import { jsonObjectSchema, metadataChangeSchema, metadataSchema } from "./metadata.ts";
import { nameSchema, timeSchema } from "./text.ts";
import { shownToolSchema, toolSchema } from "./tool.ts";

const modelSchema = z.string().min(1).max(200).describe("A model name; see the operator's alias table.");
const systemPromptSchema = z.string().min(1).max(200_000);
const toolsSchema = z.array(toolSchema).max(128);
const templateSchema = z
  .string()
  .min(1)
  .max(100)
  .describe("Id of a template of the server; gives the system prompt. Gone once the agent has another prompt.");
const outputSchemaSchema = jsonObjectSchema.meta({
  type: "object",
  additionalProperties: true,
  description: "JSON Schema of the final answer; the answer is then held to it.",
});

const temperature = z.number().min(0).max(1);
const maxTokens = z.int().min(1).max(64_000);
const topP = z.number().min(0).max(1);
const enabled = z.boolean().describe("Whether earlier turns are sent to the model. Default true.");
const maxTurns = z.int().min(0).max(1000).describe("Newest turns that are sent. Default 50.");
const summarize = z.boolean().describe("Whether older turns are sent as a summary. Default false.");

const status = z.enum(["active", "paused"]);

const runtimeField = z.literal("chat").optional().describe("An LLM tool loop; this is the default.");

export const createChatAgentSchema = z
  .object({
    runtime: runtimeField,
    name: nameSchema,
    model: modelSchema,
    systemPrompt: systemPromptSchema.optional().describe("Required unless a template gives it."),
    tools: toolsSchema.optional(),
    parameters: z.object({ temperature, maxTokens, topP }).partial().optional(),
    memory: z.object({ enabled, maxTurns, summarize }).partial().optional(),
    outputSchema: outputSchemaSchema.optional(),
    template: templateSchema.optional(),
    metadata: metadataSchema.optional(),
  })
  .meta({ id: "CreateChatAgentRequest" });
export type CreateChatAgentRequest = z.infer<typeof createChatAgentSchema>;

export const createAgentSchema = z
  .discriminatedUnion("runtime", [createChatAgentSchema, createCodeAgentSchema])
  .meta({ id: "CreateAgentRequest" });

export const updateAgentSchema = z
  .object({
    ...changeCodeFields,
    name: nameSchema,
    model: modelSchema,
    systemPrompt: systemPromptSchema,
    status: status.describe("`paused` refuses new executions."),
    tools: toolsSchema.describe("Replaces all tools."),
    parameters: z
      .object({ temperature: temperature.nullable(), maxTokens: maxTokens.nullable(), topP: topP.nullable() })
      .partial()
      .describe("Merged; null removes a member."),
    memory: z
      .object({ enabled: enabled.nullable(), maxTurns: maxTurns.nullable(), summarize: summarize.nullable() })
      .partial()
      .describe("Merged; null sets a member back to its default."),
    outputSchema: outputSchemaSchema.nullable(),
    template: templateSchema.nullable(),
    metadata: metadataChangeSchema,
  })
  .partial()
  .meta({ id: "UpdateAgentRequest" });
export type UpdateAgentRequest = z.infer<typeof updateAgentSchema>;

const chatFields = {
  runtime: z.literal("chat"),
  name: z.string(),
  model: z.string(),
  systemPrompt: z.string(),
  tools: z.array(shownToolSchema),
  parameters: z.object({ temperature, maxTokens, topP }).partial(),
  memory: z.object({ enabled, maxTurns, summarize }),
  outputSchema: outputSchemaSchema.optional(),
  template: z.string().optional(),
  metadata: metadataSchema,
};
export type WireChatDefinition = z.infer<z.ZodObject<typeof chatFields>>;

const agentFields = {
  id: z.string(),
  status,
  version: z.int().describe("Number of the current version."),
  createdAt: timeSchema,
  updatedAt: timeSchema,
};

export const agentSchema = z
  .discriminatedUnion("runtime", [
    z.object({ ...agentFields, ...chatFields }).meta({ id: "ChatAgent" }),
    z.object({ ...agentFields, ...codeFields }).meta({ id: "CodeAgent" }),
  ])
  .meta({ id: "Agent" });
export type WireAgent = z.infer<typeof agentSchema>;

const versionFields = { id: z.string(), agentId: z.string(), version: z.int(), createdAt: timeSchema };

export const agentVersionSchema = z
  .discriminatedUnion("runtime", [
    z.object({ ...versionFields, ...chatFields }).meta({ id: "ChatAgentVersion" }),
    z.object({ ...versionFields, ...codeFields }).meta({ id: "CodeAgentVersion" }),
  ])
  .meta({ id: "AgentVersion" });
export type WireAgentVersion = z.infer<typeof agentVersionSchema>;

export const agentStatusSchema = status;
