import { readFileSync } from "node:fs";
import { extname } from "node:path";
import type {
  AgentChange,
  AgentFields,
  ChatAgentFields,
  JsonObject,
  Metadata,
  ToolRequest,
} from "../../client/src/index.ts";
import { builtInToolNames } from "../contract/tool.ts";
import { CommandError, exitCodes } from "./exit-code.ts";

/** The options that describe an agent, as commander hands them over. */
export interface AgentOptions {
  file?: string;
  name?: string;
  model?: string;
  systemPrompt?: string;
  tool?: string[];
  temperature?: number;
  maxTokens?: number;
  topP?: number;
  memory?: boolean;
  maxTurns?: number;
  outputSchema?: string;
  metadata?: Metadata;
}

/**
 * An agent from a file, from options, or from both, where the options win. The server checks the fields. An agent of
 * the runtime `code` comes from a file.
 * @throws CommandError when nothing was given or the file cannot be read
 */
export async function readAgentFields(options: AgentOptions): Promise<AgentFields> {
  const fields = await readFields(options);
  if (isCode(fields)) return fields;
  const missing = (["name", "model", "systemPrompt"] as const).filter((name) => fields[name] === undefined);
  const { name, model, systemPrompt } = fields;
  // With a template the server supplies the prompt.
  if (name === undefined || model === undefined || (systemPrompt === undefined && fields.template === undefined)) {
    throw new CommandError(exitCodes.usage, `The agent has no ${missing.join(", no ")}.`, {
      hint: "Give --name, --model and --system-prompt, or a YAML or JSON file with name, model and systemPrompt by -f.",
    });
  }
  return { ...fields, name, model };
}

/** What to change of an agent: only what was given. */
export async function readAgentChange(options: AgentOptions & { status?: "active" | "paused" }): Promise<AgentChange> {
  const change: AgentChange = await readFields(options);
  if (options.status !== undefined) change.status = options.status;
  if (Object.keys(change).length === 0) {
    throw new CommandError(exitCodes.usage, "Nothing to change was given.", { hint: "--help shows the options." });
  }
  return change;
}

function isCode(fields: Partial<AgentFields>): fields is AgentFields & { runtime: "code" } {
  return fields.runtime === "code";
}

async function readFields(options: AgentOptions): Promise<Partial<ChatAgentFields>> {
  // Where the file describes code, its further fields pass through untouched.
  const fields: Partial<ChatAgentFields> = options.file === undefined ? {} : await readDefinitionFile(options.file);
  if (options.name !== undefined) fields.name = options.name;
  if (options.model !== undefined) fields.model = options.model;
  if (options.systemPrompt !== undefined) fields.systemPrompt = readTextOrFile(options.systemPrompt);
  if (options.tool !== undefined) fields.tools = options.tool.map(readTool);
  if (options.outputSchema !== undefined)
    fields.outputSchema = parseObject<JsonObject>(readTextOrFile(options.outputSchema), "--output-schema");
  if (options.metadata !== undefined) fields.metadata = { ...fields.metadata, ...options.metadata };
  const { temperature, maxTokens, topP } = options;
  // An undefined property does not reach the wire, but spread over the file's it would hide it.
  if (temperature !== undefined) fields.parameters = { ...fields.parameters, temperature };
  if (maxTokens !== undefined) fields.parameters = { ...fields.parameters, maxTokens };
  if (topP !== undefined) fields.parameters = { ...fields.parameters, topP };
  if (options.memory !== undefined) fields.memory = { ...fields.memory, enabled: options.memory };
  if (options.maxTurns !== undefined) fields.memory = { ...fields.memory, maxTurns: options.maxTurns };
  return fields;
}

/** A built-in tool by name, or a tool of any kind as a JSON object, which the server checks. */
function readTool(text: string): ToolRequest {
  if (text.startsWith("{")) {
    return parseObject<Exclude<ToolRequest, string>>(text, "--tool");
  }
  const name = builtInToolNames.find((known) => known === text);
  if (name !== undefined) return name;
  throw new CommandError(exitCodes.usage, `${text} is no built-in tool.`, {
    hint: `There are ${builtInToolNames.join(", ")}. Any other tool is given as a JSON object, or in a file by -f.`,
  });
}

/** The text itself, or with `@` in front the content of the file of that name. */
function readTextOrFile(text: string): string {
  return text.startsWith("@") ? readText(text.slice(1)) : text;
}

async function readDefinitionFile(path: string): Promise<Partial<ChatAgentFields>> {
  const text = readText(path === "-" ? "/dev/stdin" : path);
  if (extname(path) === ".json") return parseObject(text, path);
  const { parse } = await import("yaml"); // reads JSON as well
  let value: unknown;
  try {
    value = parse(text, { maxAliasCount: 100 });
  } catch (cause) {
    throw new CommandError(exitCodes.usage, `${path} is not YAML: ${cause instanceof Error ? cause.message : ""}`, {
      cause,
    });
  }
  return parseObject(JSON.stringify(value ?? null), path);
}

/** Reads an object of JSON; that its members are what `T` says is for the server to check. */
function parseObject<T extends object>(text: string, source: string): T {
  let value: T | null;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CommandError(exitCodes.usage, `${source} is not JSON.`, { cause });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new CommandError(exitCodes.usage, `${source} does not hold an object.`);
  }
  return value;
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new CommandError(exitCodes.usage, `${path} cannot be read.`, { cause });
  }
}
