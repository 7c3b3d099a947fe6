import type { Json, JsonObject, JsonSchema } from "../../contract/json.ts";
import type { ModelMessage, ModelRequest, ModelTool } from "../language-model.ts";
import type { LocalModelEntry } from "./catalogue.ts";
import { grammarSchema } from "./grammar-schema.ts";
import type { PromptItem } from "./inference-messages.ts";

/** What the model is shown, and what its answer is held to. */
export interface Prompt {
  history: PromptItem[];
  /** In the words of the grammar; undefined for free text. */
  schema: JsonSchema | undefined;
  /**
   * - `text`: what comes is the answer
   * - `choice`: JSON that either calls a tool or answers, see `choiceSchema`
   */
  form: "text" | "choice";
  /** Whether the sampler may push the model away from its last words; wrong where it has to repeat a number or a name. */
  repeatPenalty: boolean;
}

type PromptEntry = Pick<LocalModelEntry, "toolCallsPerTurn">;

/**
 * Small models do not follow the tool conventions that big ones were trained for. What works with them: a grammar that
 * leaves only two ways, calling one tool with fitting arguments or answering; an example of each in the system prompt,
 * *before* the agent's own text, so that an example in the agent's text is the last one the model sees; a plain sentence
 * for a result instead of a JSON object; and no tool on offer any more once the entry's number of calls is used up.
 */
export function buildPrompt(request: ModelRequest, entry: PromptEntry): Prompt {
  const { messages, outputSchema } = request;
  const offered = mayCallTool(messages, entry) ? (request.tools ?? []) : [];
  const last = messages.at(-1);
  const goesOn = last?.role === "assistant";
  const form = offered.length > 0 && !goesOn ? "choice" : "text";
  const system = [
    ...(form === "choice" ? [describeTools(offered)] : []),
    ...request.system,
    ...(outputSchema === undefined ? [] : [`Answer with JSON of this JSON Schema: ${JSON.stringify(outputSchema)}`]),
  ].filter((block) => block.trim() !== "");
  const history: PromptItem[] = system.length === 0 ? [] : [{ role: "system", text: system.join("\n\n") }];
  history.push(...renderMessages(messages));
  if (last?.role === "tool" && outputSchema === undefined) addRequestToAnswer(history, form, entry);
  // A grammar cannot begin in the middle, so an answer that goes on is free; whoever asked for a schema checks it whole.
  const schema = goesOn ? undefined : form === "choice" ? choiceSchema(offered, outputSchema) : outputSchema;
  return {
    history,
    schema: schema === undefined ? undefined : form === "choice" ? schema : grammarSchema(schema),
    form,
    repeatPenalty: schema === undefined && last?.role === "user",
  };
}

/** `oneOf` over each tool and the answer; the property order is the order in which the model has to write. */
function choiceSchema(tools: readonly ModelTool[], outputSchema: JsonSchema | undefined): JsonSchema {
  const answer = outputSchema === undefined ? { type: "string" } : grammarSchema(outputSchema);
  return {
    oneOf: [
      ...tools.map((tool) => ({
        type: "object",
        properties: { tool: { const: tool.name }, arguments: grammarSchema(tool.parameters) },
      })),
      { type: "object", properties: { tool: { const: "none" }, answer } },
    ],
  };
}

function mayCallTool(messages: readonly ModelMessage[], entry: PromptEntry): boolean {
  const turn = messages.slice(messages.findLastIndex((message) => message.role === "user") + 1);
  return turn.filter((message) => message.role === "tool").length < entry.toolCallsPerTurn;
}

function describeTools(tools: readonly ModelTool[]): string {
  const lines = tools.map((tool) => `- ${tool.name}: ${firstSentence(tool.description)}`);
  const examples = tools.map((tool) => {
    const input = exampleOf(tool.parameters, tool.parameters, 0);
    const said = isObject(input) ? Object.entries(input).map(([name, value]) => `${name} = ${plain(value)}`) : [];
    const question = `use ${tool.name}${said.length === 0 ? "" : ` with ${said.join(" and ")}`}`;
    return `Question: ${question}\nReply: ${JSON.stringify({ tool: tool.name, arguments: input })}`;
  });
  return [
    `Tools:\n${lines.join("\n")}`,
    "Reply with JSON: call one tool, or answer.",
    `Question: Hello!\nReply: ${JSON.stringify({ tool: "none", answer: "Hello! How can I help you?" })}`,
    ...examples,
  ].join("\n\n");
}

function renderMessages(messages: readonly ModelMessage[]): PromptItem[] {
  const items: PromptItem[] = [];
  for (const message of messages) {
    const { role, text } = renderMessage(message);
    const before = items.at(-1);
    // Chat templates expect the two roles to take turns; results of parallel calls and split messages become one.
    if (before?.role === role) before.text += `\n${text}`;
    else items.push({ role, text });
  }
  return items;
}

function renderMessage(message: ModelMessage): PromptItem {
  switch (message.role) {
    case "user":
      return { role: "user", text: message.content };
    case "assistant": {
      const calls = (message.toolCalls ?? []).map((call) => JSON.stringify({ tool: call.name, arguments: call.input }));
      return { role: "model", text: [message.content, ...calls].filter((part) => part !== "").join("\n") };
    }
    case "tool":
      return {
        role: "user",
        text: `The ${message.isError ? "error" : "result"} of ${message.name} is ${plain(mainValue(message.output))}.`,
      };
    default:
      return message satisfies never;
  }
}

/**
 * Measured with SmolLM2-135M on eight questions, temperature 0: with this sentence every answer has the result in it;
 * without it the model writes the call again, and with the question repeated it computes by itself.
 */
function addRequestToAnswer(history: PromptItem[], form: Prompt["form"], entry: PromptEntry): void {
  const last = history.at(-1);
  if (last === undefined) return;
  if (form === "choice") last.text += " Answer my question, or call another tool if you need one.";
  else last.text += entry.toolCallsPerTurn === 1 ? " Answer my question in one sentence." : " Answer my question.";
}

/** Tools often wrap the value that counts as `result`; a tiny model is lost in the wrapping. */
function mainValue(output: Json): Json {
  return isObject(output) && isScalar(output.result) ? output.result : output;
}

function plain(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function firstSentence(text: string): string {
  return text.match(/^.*?[.!?](?=\s|$)/s)?.[0] ?? text;
}

/** A value for the example call: what the schema gives as an example, else something of the right type. */
function exampleOf(value: Json | undefined, root: JsonSchema, depth: number): Json {
  if (!isObject(value) || depth > 4) return "…";
  if (Array.isArray(value.examples) && value.examples[0] !== undefined) return value.examples[0];
  if (value.default !== undefined) return value.default;
  if (value.const !== undefined) return value.const;
  if (Array.isArray(value.enum) && value.enum[0] !== undefined) return value.enum[0];
  const schema = grammarSchema({ ...value, ...(root.$defs === undefined ? {} : { $defs: root.$defs }) });
  const chosen = Array.isArray(schema.oneOf) ? schema.oneOf[0] : schema;
  if (!isObject(chosen)) return "…";
  const { properties } = isObject(value.properties) ? value : chosen;
  switch (chosen.type) {
    case "object": {
      const kept = isObject(chosen.properties) ? Object.keys(chosen.properties) : [];
      const inner = isObject(properties) ? properties : {};
      return Object.fromEntries(kept.map((name) => [name, exampleOf(inner[name], root, depth + 1)]));
    }
    case "array":
      return value.items === undefined ? [] : [exampleOf(value.items, root, depth + 1)];
    case "number":
    case "integer":
      return 2;
    case "boolean":
      return true;
    case "null":
      return null;
    default:
      return "…";
  }
}

function isScalar(value: Json | undefined): value is string | number | boolean | null {
  return value === null || ["string", "number", "boolean"].includes(typeof value);
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
