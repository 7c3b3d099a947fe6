import type { Json, JsonObject, JsonSchema } from "../../contract/json.ts";
import type { ModelMessage, ModelRequest } from "../language-model.ts";
import { isClosedSchema } from "../wire/closed-schema.ts";
import { spellName } from "../wire/spelled-name.ts";
import type { SpelledTools } from "../wire/spelled-tools.ts";
import { readReasoning } from "./chat-reasoning.ts";

/** What one server can do; the servers of this wire differ most in these. */
export interface ChatCapabilities {
  /** What the server is asked for when an answer must fit a schema. Default `json_schema`. */
  structuredOutput: "json_schema" | "json_object" | "none";
  /** Default `max_tokens`; OpenAI's own newer models take `max_completion_tokens` alone. */
  maxTokensField: "max_tokens" | "max_completion_tokens";
  /** Whether temperature and top-p are taken. Default true; OpenAI's reasoning models refuse them. */
  sampling: boolean;
  /** Whether `stream_options` is known. Default true. */
  usageInStream: boolean;
}

export interface ChatRequestOptions {
  modelName: string;
  capabilities: ChatCapabilities;
  extraBody: JsonObject | undefined;
  /** Added when the request ends with an answer to go on from. */
  continuationBody: JsonObject | undefined;
}

/**
 * The body of a request.
 * @see https://platform.openai.com/docs/api-reference/chat/create
 */
export function renderChatRequest(request: ModelRequest, tools: SpelledTools, options: ChatRequestOptions): string {
  const { capabilities } = options;
  const continues = request.messages.at(-1)?.role === "assistant";
  return JSON.stringify({
    model: options.modelName,
    messages: renderMessages(request, tools),
    stream: true,
    stream_options: capabilities.usageInStream ? { include_usage: true } : undefined,
    tools:
      tools.tools.length === 0
        ? undefined
        : tools.tools.map(({ name, description, parameters }) => ({
            type: "function",
            function: { name, description, parameters },
          })),
    temperature: capabilities.sampling ? request.temperature : undefined,
    top_p: capabilities.sampling ? request.topP : undefined,
    [capabilities.maxTokensField]: request.maxTokens,
    response_format:
      request.outputSchema === undefined
        ? undefined
        : renderResponseFormat(request.outputSchema, capabilities.structuredOutput),
    ...options.extraBody,
    ...(continues ? options.continuationBody : undefined),
  });
}

function renderMessages(request: ModelRequest, tools: SpelledTools): JsonObject[] {
  const messages: JsonObject[] = [];
  // One message: many chat templates of local servers know no second system message.
  if (request.system.length > 0) messages.push({ role: "system", content: request.system.join("\n\n") });
  for (const message of request.messages) messages.push(renderMessage(message, tools));
  return messages;
}

function renderMessage(message: ModelMessage, tools: SpelledTools): JsonObject {
  switch (message.role) {
    case "user":
      return { role: "user", content: message.content };
    case "tool":
      return {
        role: "tool",
        tool_call_id: spellName(message.callId),
        content: renderOutput(message.output, message.isError),
      };
    case "assistant": {
      const calls = message.toolCalls ?? [];
      if (calls.length === 0) return { role: "assistant", content: message.content };
      return {
        role: "assistant",
        content: message.content === "" ? null : message.content,
        ...readReasoning(message.reasoning),
        tool_calls: calls.map((call) => {
          const { name, input } = tools.toProvider(call);
          return { id: spellName(call.id), type: "function", function: { name, arguments: JSON.stringify(input) } };
        }),
      };
    }
    default:
      return message satisfies never;
  }
}

/** The wire has no mark for a failed call, so the text says it. */
function renderOutput(output: Json, isError: boolean): string {
  const text = typeof output === "string" ? output : JSON.stringify(output);
  return isError ? `Error: ${text}` : text;
}

function renderResponseFormat(
  schema: JsonSchema,
  support: ChatCapabilities["structuredOutput"],
): JsonObject | undefined {
  switch (support) {
    case "none":
      return undefined;
    case "json_object":
      return { type: "json_object" };
    case "json_schema":
      return {
        type: "json_schema",
        json_schema: { name: "answer", schema, strict: isClosedSchema(schema, { everyPropertyRequired: true }) },
      };
    default:
      return support satisfies never;
  }
}
