import { z } from "zod";
import { jsonObjectSchema, metadataSchema } from "./metadata.ts";
import { nameSchema } from "./text.ts";

const label = z.string().min(1).max(100).describe("The version as you name it, e.g. `1.2.0`; once within an agent.");
const description = z.string().max(2000);
const bundle = z.string().describe("Id of an uploaded file: a gzip tarball of the program.");
const adapter = z
  .enum(["python", "langchain", "langgraph", "crewai", "node"])
  .describe("How the entry point is called.");
const entryPoint = z
  .string()
  .min(1)
  .max(1000)
  .describe("`module:attribute` for Python; a shell command for Node, `npm start` when absent.");
const lifecycle = z
  .enum(["serverless", "interactive", "daemon"])
  .describe("`daemon` keeps one process for each user. Default `serverless`.");
const network = z
  .object({ hosts: z.array(z.string().min(1).max(253)).max(200).optional() })
  .describe("Lets it reach public addresses; with `hosts`, only these and their subdomains.");
const timeoutMs = z.int().min(1000).max(3_600_000).describe("Default 600,000.");
const memoryBytes = z
  .int()
  .min(64 * 1024 * 1024)
  .max(64 * 1024 * 1024 * 1024)
  .describe("Default 2 GiB.");
const environmentNames = z
  .array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/))
  .max(100)
  .describe("Variables of the server's setting `code.environment` that it is given.");
const onCrash = z
  .enum(["fail", "rerun"])
  .describe("What becomes of a run that dies with the server. Default `fail`: whether it took effect is not known.");
const inputSchema = jsonObjectSchema.meta({
  type: "object",
  additionalProperties: true,
  description: "JSON Schema of the input, for forms; the program checks its input itself.",
});

export const createCodeAgentSchema = z
  .object({
    runtime: z.literal("code").describe("Your own program, run in a sandbox."),
    name: nameSchema,
    bundle,
    adapter,
    entryPoint: entryPoint.optional(),
    label: label.optional(),
    description: description.optional(),
    lifecycle: lifecycle.optional(),
    network: network.nullable().optional().describe("Absent or null: no network."),
    timeoutMs: timeoutMs.optional(),
    memoryBytes: memoryBytes.optional(),
    environmentNames: environmentNames.optional(),
    onCrash: onCrash.optional(),
    inputSchema: inputSchema.optional(),
    metadata: metadataSchema.optional(),
  })
  .meta({ id: "CreateCodeAgentRequest" });
export type CreateCodeAgentRequest = z.infer<typeof createCodeAgentSchema>;

/** What a change of an agent may hold for `code` beside what every agent has. */
export const changeCodeFields = {
  bundle,
  adapter,
  entryPoint: entryPoint.nullable(),
  label: label.nullable(),
  description,
  lifecycle,
  network: network.nullable(),
  timeoutMs,
  memoryBytes,
  environmentNames,
  onCrash,
  inputSchema: inputSchema.nullable(),
};
export type CodeChange = Partial<z.infer<z.ZodObject<typeof changeCodeFields>>>;

export const codeFields = {
  runtime: z.literal("code"),
  name: z.string(),
  description: z.string(),
  label: z.string().optional(),
  bundle: z.object({ sha256: z.string(), size: z.int().describe("Bytes.") }).optional(),
  adapter: z.string(),
  entryPoint: z.string().optional(),
  lifecycle,
  network: network.nullable(),
  timeoutMs: z.int(),
  memoryBytes: z.int(),
  environmentNames: z.array(z.string()),
  onCrash,
  inputSchema: inputSchema.optional(),
  metadata: metadataSchema,
};
export type WireCodeDefinition = z.infer<z.ZodObject<typeof codeFields>>;
