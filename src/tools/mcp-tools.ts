import { RunyardError } from "../contract/errors.ts";
import type { Id } from "../contract/ids.ts";
import type { ToolDefinition, ToolEffect } from "../contract/tool.ts";
import { OutboundError } from "../egress/outbound.ts";
import { isGatewayStatus } from "./gateway-status.ts";
import { checkSchema, schemaProblemText } from "./check-input.ts";
import type { McpClient, McpServer, McpToolInfo } from "./mcp-client.ts";
import { toolFailure, type ToolResult, type ToolWork } from "./tool.ts";

export type McpDefinition = Extract<ToolDefinition, { type: "mcp" }>;

export interface McpTools {
  works: ToolWork[];
  /** What is missing and why: the server cannot be reached, or a tool of it cannot be used. */
  problems: string[];
}

/**
 * The tools of an MCP server under names that an agent can use. A server that is down gives no tools and a problem, so
 * that the execution goes on without them.
 * @param taken names that other tools of the agent have; the new ones are added
 * @throws the signal's reason, and only when it aborts
 */
export async function listMcpTools(
  definition: McpDefinition,
  organizationId: Id,
  client: McpClient,
  taken: Set<string>,
  signal: AbortSignal,
): Promise<McpTools> {
  const { name: label, url, headers, timeoutMs, allowedTools } = definition;
  const server: McpServer = { organizationId, url, headers, timeoutMs };
  let infos: McpToolInfo[];
  try {
    infos = await client.list(server, signal);
  } catch (error) {
    signal.throwIfAborted();
    const { message } = describeFault(error, timeoutMs);
    return { works: [], problems: [`The MCP server ${label} gives no tools: ${message}.`] };
  }
  const wanted = allowedTools === undefined ? infos : infos.filter(({ name }) => allowedTools.includes(name));
  const works: ToolWork[] = [];
  const problems = (allowedTools ?? [])
    .filter((name) => !infos.some((info) => info.name === name))
    .map((name) => `The MCP server ${label} has no tool ${name}.`);
  for (const info of wanted) {
    const problem = checkSchema(info.inputSchema);
    if (problem === undefined) {
      const name = freeName(adaptName(label, info.name), taken);
      taken.add(name);
      works.push(createWork(name, info, server, client, definition.effect));
    } else {
      problems.push(`The tool ${info.name} of the MCP server ${label} cannot be used: ${schemaProblemText(problem)}.`);
    }
  }
  return { works, problems };
}

function createWork(
  name: string,
  info: McpToolInfo,
  server: McpServer,
  client: McpClient,
  effect: ToolEffect,
): ToolWork {
  return {
    name,
    description: info.description,
    parameters: info.inputSchema,
    effect,
    async run(input, { signal }) {
      try {
        return await client.call(server, info, input, signal);
      } catch (error) {
        signal.throwIfAborted();
        return callFailure(error, name, effect, server.timeoutMs);
      }
    },
  };
}

const maxNameLength = 64;

/** `<label>_<tool>` in our alphabet: lower case, digits and underscores, at most 64 characters. */
export function adaptName(label: string, tool: string): string {
  return `${label}_${tool}`
    .replace(/([a-z\d])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .replace(/[^a-z\d]+/g, "_")
    .slice(0, maxNameLength);
}

function freeName(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) return name;
  for (let number = 2; ; number += 1) {
    const suffix = `_${number}`;
    const candidate = `${name.slice(0, maxNameLength - suffix.length)}${suffix}`;
    if (!taken.has(candidate)) return candidate;
  }
}

function callFailure(error: unknown, name: string, effect: ToolEffect, timeoutMs: number): ToolResult {
  const { message, certain, timedOut } = describeFault(error, timeoutMs);
  if (effect === "once" && !certain) {
    const text = `The call of ${name} was interrupted (${message}); whether it took effect is not known. It was not sent again.`;
    return toolFailure(text, "outcome_unknown");
  }
  return toolFailure(`The call of ${name} failed: ${message}.`, timedOut ? "tool_timeout" : "tool_error");
}

interface Fault {
  message: string;
  /** Whether it is certain that nothing happened at the server, or that it said itself that the call failed. */
  certain: boolean;
  timedOut: boolean;
}

function describeFault(error: unknown, timeoutMs: number): Fault {
  for (const cause of causesOf(error)) {
    if (cause instanceof RunyardError) return { message: cause.message, certain: true, timedOut: false };
    if (cause instanceof OutboundError) {
      const { reason } = cause;
      const certain = reason === "refused" || reason === "dns";
      return { message: cause.message, certain, timedOut: reason === "timeout" };
    }
    if ("code" in cause && cause.code === "REQUEST_TIMEOUT") {
      return { message: `no answer within ${timeoutMs} ms`, certain: false, timedOut: true };
    }
    if ("status" in cause && typeof cause.status === "number") {
      const certain = !isGatewayStatus(cause.status);
      return { message: `it answered with status ${cause.status}`, certain, timedOut: false };
    }
  }
  const isAnswer = error instanceof Error && error.name === "ProtocolError";
  const message = error instanceof Error ? error.message.slice(0, 1000) : "it failed";
  return { message, certain: isAnswer, timedOut: false };
}

function* causesOf(error: unknown): Generator<Error> {
  let cause = error;
  for (let depth = 0; cause instanceof Error && depth < 8; depth += 1) {
    yield cause;
    cause = cause.cause;
  }
}
