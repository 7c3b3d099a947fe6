import type { Json, JsonObject } from "../../src/contract/json.ts";
import type { ScriptedRequest, WireName } from "./scripted-wire.ts";

/** Reads what scripts decide by out of a request body of either wire. */
export function readScriptedRequest(
  wire: WireName,
  number: number,
  path: string,
  headers: ScriptedRequest["headers"],
  body: JsonObject,
): ScriptedRequest {
  const messages = list(body.messages);
  const last = messages.at(-1);
  const lastUser = messages.findLast((message) => message.role === "user" && textOf(message.content) !== "");
  return {
    wire,
    number,
    path,
    headers,
    body,
    streamed: body.stream === true,
    model: typeof body.model === "string" ? body.model : "",
    toolNames: list(body.tools).map((tool) => String(isObject(tool.function) ? tool.function.name : tool.name)),
    lastUserText: lastUser === undefined ? "" : textOf(lastUser.content),
    toolResults: trailingToolResults(messages),
    prefill: last?.role === "assistant" && last.tool_calls === undefined ? textOf(last.content) : undefined,
  };
}

function trailingToolResults(messages: readonly JsonObject[]): string[] {
  const results: string[] = [];
  for (const message of messages.toReversed()) {
    if (message.role === "tool") {
      results.unshift(textOf(message.content));
    } else {
      const blocks = list(message.content).filter((block) => block.type === "tool_result");
      return message.role === "user" && blocks.length > 0 ? blocks.map((block) => textOf(block.content)) : results;
    }
  }
  return results;
}

function textOf(content: Json | undefined): string {
  if (typeof content === "string") return content;
  return list(content)
    .filter((block) => block.type === "text")
    .map((block) => String(block.text))
    .join("\n");
}

function list(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
