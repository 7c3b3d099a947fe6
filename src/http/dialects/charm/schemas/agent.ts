import { z } from "zod";
import { boolean, object, text } from "./framework.ts";

export const agentCreateSchema = z
  .object({
    id: text.nullish(),
    user_id: text,
    name: text,
    version: text.nullish().default("1.0.0"),
    config: object.nullish(),
    metadata: object.nullish(),
  })
  .meta({ id: "AgentCreate" });
export type AgentCreate = z.infer<typeof agentCreateSchema>;

export const agentUpdateSchema = z
  .object({
    name: text.nullish(),
    version: text.nullish(),
    is_active: boolean.nullish(),
    config: object.nullish(),
    metadata: object.nullish(),
  })
  .meta({ id: "AgentUpdate" });
export type AgentUpdate = z.infer<typeof agentUpdateSchema>;

export const upgradeRequestSchema = z.object({ agent_id: text, version: text }).meta({ id: "UpgradeRequest" });
export const rollbackRequestSchema = z.object({ agent_id: text }).meta({ id: "RollbackRequest" });

export const agentPathSchema = z.object({ agent_id: text });

/** Of our own making: the product publishes no bodies of its answers. */
export const agentSchema = z
  .object({
    id: z.string(),
    agent_id: z.string(),
    user_id: z.string().nullable(),
    name: z.string(),
    version: z.string(),
    is_active: z.boolean(),
    config: object.nullable(),
    metadata: object.nullable(),
    created_at: z.string(),
    updated_at: z.string(),
  })
  .meta({ id: "CharmAgent" });
export type WireAgent = z.infer<typeof agentSchema>;

export const versionsSchema = z
  .object({
    agent_id: z.string(),
    current_version: z.string(),
    versions: z.array(z.object({ version: z.string(), created_at: z.string(), is_current: z.boolean() })),
  })
  .meta({ id: "CharmVersions" });

export const upgradeSchema = z
  .object({
    success: z.boolean(),
    agent_id: z.string(),
    from_version: z.string(),
    to_version: z.string(),
    run_id: z.string().nullable(),
  })
  .meta({ id: "CharmUpgrade" });
