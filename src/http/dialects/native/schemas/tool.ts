import { z } from "zod";
import { builtInToolNames, toolEffectSchema, toolNameSchema } from "../../../../contract/tool.ts";
import { jsonObjectSchema } from "./metadata.ts";
import { webAddressSchema } from "./text.ts";

const builtInNameSchema = z.enum(builtInToolNames);

const toolParametersSchema = jsonObjectSchema
  .refine((schema) => schema["type"] === "object", { error: 'a JSON Schema with "type": "object"' })
  .meta({ type: "object", additionalProperties: true, description: "JSON Schema of type object." });

const timeoutSchema = z.int().min(1).max(600_000).describe("Milliseconds, per attempt. Default 10,000.");
const effectSchema = toolEffectSchema.describe(
  "What a repeated call does at the handler: nothing (`safe`), the same as one call (`idempotent`, the default), or harm (`once`: after a crash such a call is not sent again).",
);
const headersSchema = z
  .record(
    z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/),
    z
      .string()
      .max(8192)
      .regex(/^[\t\x20-\x7e]*$/),
  )
  .describe("Sent with each call. Values are kept sealed and never shown again.");

const functionToolFields = {
  name: toolNameSchema.describe("Unique in the agent."),
  description: z.string().max(8000).default("").describe("Shown to the model."),
  parameters: toolParametersSchema.default({ type: "object", properties: {} }),
};

const builtInFields = { name: builtInNameSchema };

const handlerFields = {
  ...functionToolFields,
  handler: webAddressSchema.describe("Called with POST; answers JSON."),
  timeout: timeoutSchema.optional(),
  retries: z.int().min(0).max(10).optional().describe("Further attempts after a failure. Default 0."),
  effect: effectSchema.optional(),
};

const clientFields = {
  ...functionToolFields,
  description: z.string().max(8000),
  parameters: toolParametersSchema,
};

const mcpFields = {
  type: z.literal("mcp"),
  name: toolNameSchema.describe("Stands before the names of the server's tools."),
  url: webAddressSchema.describe("An MCP server over streamable HTTP."),
  headers: headersSchema.optional(),
  allowedTools: z.array(z.string().min(1).max(200)).max(200).optional().describe("Absent: all of them."),
  timeout: timeoutSchema.optional(),
  effect: effectSchema.optional(),
};

/**
 * A tool as requests carry it. A bare name or a name alone is a built-in; with `handler` it is called over HTTP; without,
 * the client runs it. It is tagged with the form that is meant before it is checked, so that a mistake is told in the
 * words of that form and not as "none of four".
 */
export const toolSchema = z
  .unknown()
  .transform(tagForm)
  .pipe(
    z.discriminatedUnion("kind", [
      z.object({ kind: z.literal("built-in"), ...builtInFields }),
      z.object({ kind: z.literal("http"), ...handlerFields }),
      z.object({ kind: z.literal("client"), ...clientFields }),
      z.object({ kind: z.literal("mcp"), ...mcpFields }),
    ]),
  )
  .meta({
    id: "ToolRequest",
    description: "A built-in by its name, a tool with a handler, a tool that the client runs, or an MCP server.",
    // Made when the document is: no start has to wait for it.
    get anyOf() {
      return [
        documentOf(builtInNameSchema),
        documentOf(z.object(builtInFields)),
        documentOf(z.object(handlerFields)),
        documentOf(z.object(clientFields)),
        documentOf(z.object(mcpFields)),
      ];
    },
  });
export type WireTool = z.infer<typeof toolSchema>;

function tagForm(value: unknown): unknown {
  if (typeof value === "string") return { kind: "built-in", name: value };
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  if ("type" in value) return { ...value, kind: "mcp" };
  if ("handler" in value) return { ...value, kind: "http" };
  const isBuiltIn = "name" in value && builtInNameSchema.safeParse(value.name).success;
  return { ...value, kind: isBuiltIn ? "built-in" : "client" };
}

function documentOf(schema: z.ZodType): Record<string, unknown> {
  const { $schema: _, ...document } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  return document;
}

/** A tool as answers show it. */
export const shownToolSchema = z
  .union([
    z.object(builtInFields),
    z.object(handlerFields).required(),
    z.object(clientFields),
    z
      .object(mcpFields)
      .extend({ headers: z.record(z.string(), z.string()).describe("Names only; values are hidden.") }),
  ])
  .meta({ id: "Tool" });
export type ShownTool = z.infer<typeof shownToolSchema>;
