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

const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);

/** How long a code agent lives: as long as a run, the same with deltas to a thread, or on and on for each of its users. */
export const codeLifecycles = ["serverless", "interactive", "daemon"] as const;
export type CodeLifecycle = (typeof codeLifecycles)[number];

/** The user's own program, run in a sandbox. */
export const codeDefinitionSchema = z.object({
  runtime: z.literal("code"),
  name: z.string(),
  description: z.string(),
  /** The version as its author names it, for example `1.2.0`; unique within the agent. */
  label: z.string().optional(),
  /**
   * A gzip tarball of the program, kept as a blob. Absent: the version cannot be executed yet. `contentSha256` is the same
   * for two packings of the same files, which hardly ever have the same bytes.
   */
  bundle: z.object({ sha256: sha256Schema, sizeBytes: z.int(), contentSha256: sha256Schema }).optional(),
  /** How the entry point is called: `python`, `langchain`, `langgraph`, `crewai`, `node`; others fail when they are prepared. */
  adapter: z.string(),
  /** `module:attribute` for Python, a shell command for Node. */
  entryPoint: z.string().optional(),
  lifecycle: z.enum(codeLifecycles),
  /** None: no network. Otherwise public addresses, only of these hosts (and their subdomains) when some are named. */
  network: z.object({ hosts: z.array(z.string()).optional() }).optional(),
  timeoutMs: z.int(),
  memoryBytes: z.int(),
  /** Names of variables that it is given out of the operator's settings. */
  environmentNames: z.array(z.string()),
  /** Whether a run that died with the server is begun again; otherwise it fails as `outcome_unknown`. */
  onCrash: z.enum(["fail", "rerun"]),
  /** JSON Schema of the input, for those who show a form; the program checks its input itself. */
  inputSchema: jsonObjectSchema.optional(),
  /** Whose agent it is, in the words of whoever made it. */
  owner: z.string().optional(),
  /** The manifest that the definition was made from, as it came. */
  manifest: jsonObjectSchema.optional(),
  /** Kept and shown as they came. */
  annotations: jsonObjectSchema.optional(),
  metadata: metadataSchema,
});
export type CodeDefinition = z.infer<typeof codeDefinitionSchema>;

/** What a version is a snapshot of: a closed union by `runtime`. */
export const agentDefinitionSchema = z.discriminatedUnion("runtime", [chatDefinitionSchema, codeDefinitionSchema]);
export type AgentDefinition = z.infer<typeof agentDefinitionSchema>;

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
