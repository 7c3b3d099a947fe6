import type { CallToolResult } from "@modelcontextprotocol/client";
import type { Json } from "../contract/json.ts";
import { parsePlainJson } from "./plain-json.ts";
import { toolFailure, type ToolResult } from "./tool.ts";

const maxErrorLength = 4000;

/**
 * The answer of an MCP server as a tool result: its structured content where it has some, else its text, else its content
 * blocks as they are. An answer marked as an error becomes a failure with its text.
 */
export function mcpResult(tool: string, answer: CallToolResult): ToolResult {
  const texts = answer.content.flatMap((block) => (block.type === "text" ? [block.text] : []));
  if (answer.isError === true) {
    const text = texts.join("\n").slice(0, maxErrorLength).trim();
    return toolFailure(text === "" ? `The tool ${tool} reported a failure without a reason.` : text);
  }
  if (answer.structuredContent !== undefined) return plain(tool, answer.structuredContent);
  if (texts.length === answer.content.length) return { output: texts.join("\n") };
  return plain(tool, answer.content);
}

/** Through JSON text, which is where it came from: what is left out or no JSON ends there. */
function plain(tool: string, value: unknown): ToolResult {
  const output: Json | undefined = parsePlainJson(JSON.stringify(value));
  return output === undefined ? toolFailure(`The tool ${tool} answered with no plain JSON.`) : { output };
}
