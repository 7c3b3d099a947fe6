import type { AgentDefinition, ChatDefinition, Metadata } from "../../../contract/agent.ts";
import { RunyardError } from "../../../contract/errors.ts";
import type { ToolDefinition } from "../../../contract/tool.ts";
import { type Bundle, redefineCodeAgent, renderCodeDefinition } from "./code-definition.ts";
import type { CreateChatAgentRequest, UpdateAgentRequest, WireChatDefinition } from "./schemas/agent.ts";
import { changeCodeFields, type WireCodeDefinition } from "./schemas/code-agent.ts";
import type { ShownTool, WireTool } from "./schemas/tool.ts";

/** What a template of the server's settings gives to an agent. */
export interface AgentTemplate {
  systemPrompt: string;
}

export type Templates = ReadonlyMap<string, AgentTemplate>;

const defaultMemory = { enabled: true, maxTurns: 50, summarize: false };
const defaultTimeoutMs = 10_000;

/** Stands for a header value that is kept but not shown. Sent back, it means: as it is. */
export const hiddenValue = "[hidden]";

/**
 * The definition of a new chat agent from a request.
 *
 * @throws RunyardError `missing_required_field` without a system prompt, `unprocessable` for an unknown template or two
 *   tools of one name
 */
export function defineAgent(request: CreateChatAgentRequest, templates: Templates): ChatDefinition {
  const { name, model, tools = [], parameters = {}, memory, outputSchema, template, metadata = {} } = request;
  const systemPrompt = template === undefined ? request.systemPrompt : systemPromptOf(template, templates);
  if (systemPrompt === undefined) {
    throw new RunyardError("missing_required_field", '"systemPrompt" is required: text, or a template that gives it.', {
      param: "systemPrompt",
    });
  }
  return {
    runtime: "chat",
    name,
    model,
    systemPrompt,
    tools: defineTools(tools, []),
    parameters,
    memory: { ...defaultMemory, ...memory },
    ...(outputSchema !== undefined && { outputSchema }),
    ...(template !== undefined && { template }),
    metadata,
  };
}

/**
 * The definition after a change. Only what was sent changes: `parameters`, `memory` and `metadata` merge one level deep
 * and null removes a member; `tools` is replaced whole.
 */
export function redefineAgent(
  current: AgentDefinition,
  change: UpdateAgentRequest,
  templates: Templates,
  bundle?: Bundle,
): AgentDefinition {
  refuseForeignFields(current, change);
  if (current.runtime === "chat") return redefineChatAgent(current, change, templates);
  return {
    ...redefineCodeAgent(current, change, bundle),
    name: change.name ?? current.name,
    metadata: mergeMetadata(current.metadata, change.metadata ?? {}),
  };
}

const chatOnly = ["model", "systemPrompt", "tools", "parameters", "memory", "outputSchema", "template"] as const;
const codeOnly = Object.keys(changeCodeFields) as (keyof typeof changeCodeFields)[];

function refuseForeignFields({ runtime }: AgentDefinition, change: UpdateAgentRequest): void {
  const foreign = (runtime === "chat" ? codeOnly : chatOnly).find((field) => change[field] !== undefined);
  if (foreign === undefined) return;
  throw new RunyardError("unprocessable", `An agent of the runtime ${runtime} has no "${foreign}"; leave it out.`, {
    param: foreign,
  });
}

function redefineChatAgent(current: ChatDefinition, change: UpdateAgentRequest, templates: Templates): ChatDefinition {
  const { template, outputSchema, tools, name, model, systemPrompt } = change;
  const next: ChatDefinition = {
    ...current,
    ...(name !== undefined && { name }),
    ...(model !== undefined && { model }),
    ...(systemPrompt !== undefined && { systemPrompt }),
    ...(tools !== undefined && { tools: defineTools(tools, current.tools) }),
    parameters: { ...current.parameters },
    memory: { ...current.memory },
    metadata: mergeMetadata(current.metadata, change.metadata ?? {}),
  };
  for (const field of ["temperature", "maxTokens", "topP"] as const) {
    const value = change.parameters?.[field];
    if (value === null) delete next.parameters[field];
    else if (value !== undefined) next.parameters[field] = value;
  }
  const { enabled, maxTurns, summarize } = change.memory ?? {};
  if (enabled !== undefined) next.memory.enabled = enabled ?? defaultMemory.enabled;
  if (maxTurns !== undefined) next.memory.maxTurns = maxTurns ?? defaultMemory.maxTurns;
  if (summarize !== undefined) next.memory.summarize = summarize ?? defaultMemory.summarize;
  if (outputSchema === null) delete next.outputSchema;
  else if (outputSchema !== undefined) next.outputSchema = outputSchema;
  if (template === null || (template === undefined && next.systemPrompt !== current.systemPrompt)) {
    delete next.template; // a prompt of the caller's own is no template's any more
  } else if (template !== undefined) {
    next.template = template;
    next.systemPrompt = systemPromptOf(template, templates);
  }
  return next;
}

/** The definition as answers show it. */
export function renderDefinition(definition: AgentDefinition): WireChatDefinition | WireCodeDefinition {
  if (definition.runtime === "code") return renderCodeDefinition(definition);
  const { name, model, systemPrompt, tools, parameters, memory, outputSchema, template, metadata } = definition;
  return {
    runtime: "chat",
    name,
    model,
    systemPrompt,
    tools: tools.map(renderTool),
    parameters,
    memory,
    ...(outputSchema !== undefined && { outputSchema }),
    ...(template !== undefined && { template }),
    metadata,
  };
}

function systemPromptOf(template: string, templates: Templates): string {
  const found = templates.get(template);
  if (found !== undefined) return found.systemPrompt;
  const known = templates.size === 0 ? "this server has none" : `known are ${[...templates.keys()].join(", ")}`;
  throw new RunyardError("unprocessable", `"template" must be a template of this server; ${known}.`, {
    param: "template",
  });
}

function mergeMetadata(current: Metadata, change: Record<string, string | number | boolean | null>): Metadata {
  const merged = new Map<string, string | number | boolean>(Object.entries(current));
  for (const [key, value] of Object.entries(change)) {
    if (value === null) merged.delete(key);
    else merged.set(key, value);
  }
  if (merged.size > 16) {
    throw new RunyardError(
      "invalid_field_value",
      `"metadata" must have at most 16 keys, but would have ${merged.size}.`,
      {
        param: "metadata",
      },
    );
  }
  return Object.fromEntries(merged);
}

function defineTools(tools: readonly WireTool[], current: readonly ToolDefinition[]): ToolDefinition[] {
  const names = new Set<string>();
  return tools.map((tool, index) => {
    if (names.has(tool.name)) {
      throw new RunyardError(
        "unprocessable",
        `Tool names must be unique in an agent, but "${tool.name}" comes twice.`,
        {
          param: `tools.${index}.name`,
        },
      );
    }
    names.add(tool.name);
    return defineTool(tool, index, current);
  });
}

function defineTool(tool: WireTool, index: number, current: readonly ToolDefinition[]): ToolDefinition {
  switch (tool.kind) {
    case "built-in":
      return { type: "built-in", name: tool.name };
    case "client": {
      const { name, description, parameters } = tool;
      return { type: "client", name, description, parameters };
    }
    case "http": {
      const { name, description, parameters, handler, timeout, retries = 0, effect = "idempotent" } = tool;
      return {
        type: "http",
        name,
        description,
        parameters,
        handler,
        timeoutMs: timeout ?? defaultTimeoutMs,
        retries,
        effect,
      };
    }
    case "mcp": {
      const { name, url, allowedTools, timeout, effect = "idempotent" } = tool;
      return {
        type: "mcp",
        name,
        url,
        headers: keepHidden(tool, index, current),
        ...(allowedTools !== undefined && { allowedTools }),
        timeoutMs: timeout ?? defaultTimeoutMs,
        effect,
      };
    }
    default:
      return tool satisfies never;
  }
}

/** Puts the kept value back where a header came as the sign that answers show for it, for the same tool at the same URL. */
function keepHidden(
  tool: Extract<WireTool, { kind: "mcp" }>,
  index: number,
  current: readonly ToolDefinition[],
): Record<string, string> {
  const before = current.find((one) => one.type === "mcp" && one.name === tool.name && one.url === tool.url);
  const kept = before?.type === "mcp" ? new Map(Object.entries(before.headers)) : new Map<string, string>();
  const headers = Object.entries(tool.headers ?? {}).map(([name, value]): [string, string] => {
    if (value !== hiddenValue) return [name, value];
    const known = kept.get(name);
    if (known !== undefined) return [name, known];
    throw new RunyardError("invalid_field_value", `The header "${name}" must have a value: there is none to keep.`, {
      param: `tools.${index}.headers.${name}`,
    });
  });
  return Object.fromEntries(headers);
}

function renderTool(tool: ToolDefinition): ShownTool {
  switch (tool.type) {
    case "built-in":
      return { name: tool.name };
    case "client":
      return { name: tool.name, description: tool.description, parameters: tool.parameters };
    case "http": {
      const { name, description, parameters, handler, timeoutMs, retries, effect } = tool;
      return { name, description, parameters, handler, timeout: timeoutMs, retries, effect };
    }
    case "mcp": {
      const { name, url, allowedTools, timeoutMs, effect } = tool;
      return {
        type: "mcp",
        name,
        url,
        headers: Object.fromEntries(Object.keys(tool.headers).map((header) => [header, hiddenValue])),
        ...(allowedTools !== undefined && { allowedTools }),
        timeout: timeoutMs,
        effect,
      };
    }
    default:
      return tool satisfies never;
  }
}
