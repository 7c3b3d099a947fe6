import { RunyardError } from "../contract/errors.ts";
import type { JsonObject } from "../contract/json.ts";
import { estimateTokens } from "./estimate-tokens.ts";
import type { LanguageModel, ModelMessage, ModelPart, ModelRequest, ModelToolCall } from "./language-model.ts";
import { schemaExample } from "./schema-example.ts";
import { readArguments } from "./wire/tool-arguments.ts";

/** The name of the model that test keys are routed to. */
export const testModelId = "test/echo";

/**
 * A model without a provider, for trying an integration out: it costs nothing and the same input gives the same answer.
 *
 * - It repeats the last user message: `You said: …`.
 * - A line `call NAME {json}` in that message calls the tool NAME, when the agent has it, with that input; several such
 *   lines are parallel calls. Once the results are there the answer is `NAME answered: …`, a line for each.
 * - With an output schema the answer is the simplest JSON that fits it.
 */
export function createTestModel(): LanguageModel {
  return {
    id: testModelId,
    continuesAnswers: true,
    async *stream(request, { signal }) {
      for (const part of answer(request)) {
        if (signal.aborted)
          throw new RunyardError("cancelled", "The model call was cancelled.", { cause: signal.reason });
        yield part;
      }
    },
  };
}

function* answer(request: ModelRequest): Generator<ModelPart> {
  const last = request.messages.at(-1);
  const said = last?.role === "assistant" ? last.content : undefined;
  const messages = said === undefined ? request.messages : request.messages.slice(0, -1);
  const results = resultsAtEnd(messages);
  const calls = results.length === 0 ? askedCalls(lastUserText(messages), request) : [];
  const whole = calls.length > 0 ? "" : answerText(request, messages, results);
  // What was shown before a break is the start of this answer.
  const text = said !== undefined && whole.startsWith(said) ? whole.slice(said.length) : whole;

  for (const piece of text.match(/\s*\S+\s*/g) ?? []) yield { type: "text-delta", text: piece };
  for (const call of calls) yield { type: "tool-call", call };
  yield {
    type: "finish",
    reason: calls.length > 0 ? "tool-calls" : "stop",
    usage: {
      inputTokens: countInput(request),
      outputTokens:
        estimateTokens(text) + calls.reduce((sum, call) => sum + estimateTokens(JSON.stringify(call.input)), 0),
      cacheReadTokens: 0,
      cacheWriteTokens: 0,
      reasoningTokens: 0,
    },
  };
}

type ToolMessage = Extract<ModelMessage, { role: "tool" }>;

function resultsAtEnd(messages: readonly ModelMessage[]): ToolMessage[] {
  const last = messages.findLastIndex(({ role }) => role !== "tool");
  return messages.slice(last + 1).filter((message) => message.role === "tool");
}

function lastUserText(messages: readonly ModelMessage[]): string {
  const message = messages.findLast(({ role }) => role === "user");
  return message?.role === "user" ? message.content : "";
}

function askedCalls(text: string, request: ModelRequest): ModelToolCall[] {
  const known = new Set(request.tools?.map(({ name }) => name));
  return [...text.matchAll(/^\s*call ([\w-]+)(?:\s+(\{.*\}))?\s*$/gm)]
    .filter(([, name = ""]) => known.has(name))
    .map(([, name = "", json = "{}"], index) => ({ id: `call_${index + 1}`, name, input: readInput(json) }));
}

function readInput(json: string): JsonObject {
  return readArguments(json).input;
}

function answerText(request: ModelRequest, messages: readonly ModelMessage[], results: readonly ToolMessage[]): string {
  if (request.outputSchema !== undefined) return JSON.stringify(schemaExample(request.outputSchema));
  if (results.length === 0) return `You said: ${lastUserText(messages)}`;
  return results
    .map(({ name, output, isError }) => `${name} ${isError ? "failed" : "answered"}: ${JSON.stringify(output)}`)
    .join("\n");
}

function countInput({ system, messages, tools = [] }: ModelRequest): number {
  return estimateTokens(
    [...system, JSON.stringify(messages), ...tools.map(({ description }) => description)].join("\n"),
  );
}
