import { z } from "zod";
import { jsonObjectSchema } from "./json.ts";

/** What a repeated call does at the other end: nothing, the same as one call, or harm. Decides what a crash may repeat. */
export const toolEffectSchema = z.enum(["safe", "idempotent", "once"]);
export type ToolEffect = z.infer<typeof toolEffectSchema>;

/** The wait in which an execution stands while its caller runs tools; programs and operations agree on the name here. */
export const toolResultsWait = "tool-results";

export const builtInToolNames = ["web_search", "calculator", "datetime", "json_validator", "text_summarizer"] as const;
export type BuiltInToolName = (typeof builtInToolNames)[number];

export const toolNameSchema = z.string().regex(/^[a-z][a-z0-9_]{0,63}$/);

/** A tool as an agent version keeps it. */
export const toolDefinitionSchema = z.discriminatedUnion("type", [
  /** Called with POST at `handler`; answers JSON. */
  z.object({
    type: z.literal("http"),
    name: toolNameSchema,
    description: z.string(),
    parameters: jsonObjectSchema,
    handler: z.url(),
    timeoutMs: z.int(),
    retries: z.int(),
    effect: toolEffectSchema,
  }),
  /** Run by whoever called us: the execution waits for the result. */
  z.object({
    type: z.literal("client"),
    name: toolNameSchema,
    description: z.string(),
    parameters: jsonObjectSchema,
  }),
  z.object({ type: z.literal("built-in"), name: z.enum(builtInToolNames) }),
  /** All tools (or the named ones) of an MCP server over streamable HTTP. `headers` values are sealed at rest. */
  z.object({
    type: z.literal("mcp"),
    name: toolNameSchema,
    url: z.url(),
    headers: z.record(z.string(), z.string()),
    allowedTools: z.array(z.string()).optional(),
    timeoutMs: z.int(),
    effect: toolEffectSchema,
  }),
]);
export type ToolDefinition = z.infer<typeof toolDefinitionSchema>;
