import type { Json, JsonObject } from "../../contract/json.ts";
import type { ModelMessage, ModelRequest } from "../language-model.ts";
import { isClosedSchema } from "../wire/closed-schema.ts";
import { spellName } from "../wire/spelled-name.ts";
import type { SpelledTools } from "../wire/spelled-tools.ts";
import type { ClaudeTraits } from "./claude-traits.ts";

export interface MessagesRequestOptions {
  modelName: string;
  traits: ClaudeTraits;
  /** The wire wants a bound on each answer. */
  defaultMaxTokens: number;
  promptCaching: boolean;
  extraBody: JsonObject | undefined;
}

export interface RenderedMessagesRequest {
  body: string;
  /**
   * White space at the end of the answer to go on from. The provider refuses it there, so it is left out of the request,
   * and the model may or may not say it again.
   */
  omittedWhitespace: string;
}

type Block = JsonObject & { type: string };
interface Turn {
  role: "user" | "assistant";
  content: Block[];
}

const cacheHere = { type: "ephemeral" };

/**
 * The body of a request. What is cached: the tools, the system blocks, and the conversation up to the last message of the
 * user's side, so that the next turn and the next model call of this turn read it. That makes three of the four marks
 * that a request may carry.
 * @see https://platform.claude.com/docs/en/api/messages
 * @see https://platform.claude.com/docs/en/build-with-claude/prompt-caching
 */
export function renderMessagesRequest(
  request: ModelRequest,
  tools: SpelledTools,
  options: MessagesRequestOptions,
): RenderedMessagesRequest {
  const { traits } = options;
  const turns = renderTurns(request.messages, tools);
  const omittedWhitespace = trimPrefill(turns);
  const continues = turns.at(-1)?.role === "assistant";

  const system = request.system.filter((text) => text.trim() !== "").map((text): Block => ({ type: "text", text }));
  const renderedTools = tools.tools.map(({ name, description, parameters }): JsonObject => ({
    name,
    description,
    input_schema: parameters,
  }));
  if (options.promptCaching) {
    mark(renderedTools.at(-1));
    mark(system.at(-1));
    mark(turns.findLast((turn) => turn.role === "user")?.content.at(-1));
  }

  const structured =
    // The provider takes a schema and a prefill only one at a time.
    request.outputSchema !== undefined &&
    traits.structuredOutput &&
    !continues &&
    isClosedSchema(request.outputSchema, { everyPropertyRequired: false });
  const body = JSON.stringify({
    model: options.modelName,
    max_tokens: request.maxTokens ?? options.defaultMaxTokens,
    stream: true,
    system: system.length === 0 ? undefined : system,
    messages: turns,
    tools: renderedTools.length === 0 ? undefined : renderedTools,
    ...(traits.sampling ? renderSampling(request) : undefined),
    output_config: structured ? { format: { type: "json_schema", schema: request.outputSchema } } : undefined,
    ...options.extraBody,
  });
  return { body, omittedWhitespace };
}

/** Newer models refuse both at once, and the scale ends at 1 here, where it ends at 2 elsewhere. */
function renderSampling({ temperature, topP }: ModelRequest): JsonObject {
  if (temperature !== undefined) return { temperature: Math.min(temperature, 1) };
  return topP === undefined ? {} : { top_p: topP };
}

function mark(block: JsonObject | undefined): void {
  if (block !== undefined) block.cache_control = cacheHere;
}

/** Messages of one side that follow each other become one turn, tool results first, as the wire wants it. */
function renderTurns(messages: readonly ModelMessage[], tools: SpelledTools): Turn[] {
  const turns: Turn[] = [];
  for (const message of messages) {
    const role = message.role === "assistant" ? "assistant" : "user";
    const content = renderBlocks(message, tools);
    if (content.length === 0) continue;
    const last = turns.at(-1);
    if (last?.role === role) last.content.push(...content);
    else turns.push({ role, content });
  }
  return turns;
}

function renderBlocks(message: ModelMessage, tools: SpelledTools): Block[] {
  switch (message.role) {
    case "user":
      return textBlocks(message.content);
    case "tool":
      return [
        {
          type: "tool_result",
          tool_use_id: spellName(message.callId),
          content: typeof message.output === "string" ? message.output : JSON.stringify(message.output),
          ...(message.isError ? { is_error: true } : {}),
        },
      ];
    case "assistant": {
      const calls = (message.toolCalls ?? []).map((call): Block => {
        const { name, input } = tools.toProvider(call);
        return { type: "tool_use", id: spellName(call.id), name, input };
      });
      const thinking = calls.length === 0 ? [] : (message.reasoning ?? []).filter(isThinkingBlock);
      return [...thinking, ...textBlocks(message.content), ...calls];
    }
    default:
      return message satisfies never;
  }
}

/** Empty texts are refused. */
function textBlocks(text: string): Block[] {
  return text.trim() === "" ? [] : [{ type: "text", text }];
}

/** Reasoning that another provider's wire has kept means nothing here. */
function isThinkingBlock(item: Json): item is Block {
  return (
    typeof item === "object" &&
    item !== null &&
    !Array.isArray(item) &&
    (item.type === "thinking" || item.type === "redacted_thinking")
  );
}

function trimPrefill(turns: Turn[]): string {
  const last = turns.at(-1);
  const block = last?.role === "assistant" ? last.content.at(-1) : undefined;
  if (block?.type !== "text" || typeof block.text !== "string") return "";
  const trimmed = block.text.trimEnd();
  const omitted = block.text.slice(trimmed.length);
  block.text = trimmed;
  return omitted;
}
