import type { JSONSchema7, LanguageModelV4CallOptions, LanguageModelV4Prompt } from "@ai-sdk/provider";
import type { ModelMessage, ModelRequest } from "../language-model.ts";
import type { SpelledTools } from "../wire/spelled-tools.ts";
import { readKeptMetadata } from "./kept-metadata.ts";

type Message = LanguageModelV4Prompt[number];
type AssistantContent = Extract<Message, { role: "assistant" }>["content"];

/** A request of ours as the packages take it. */
export function renderCall(request: ModelRequest, tools: SpelledTools): LanguageModelV4CallOptions {
  return {
    prompt: renderPrompt(request, tools),
    maxOutputTokens: request.maxTokens,
    temperature: request.temperature,
    topP: request.topP,
    tools:
      tools.tools.length === 0
        ? undefined
        : tools.tools.map(({ name, description, parameters }) => ({
            type: "function",
            name,
            description,
            inputSchema: parameters satisfies JSONSchema7,
            strict: false,
          })),
    responseFormat:
      request.outputSchema === undefined
        ? undefined
        : { type: "json", name: "answer", schema: request.outputSchema satisfies JSONSchema7 },
  };
}

function renderPrompt(request: ModelRequest, tools: SpelledTools): LanguageModelV4Prompt {
  const prompt: LanguageModelV4Prompt = [];
  if (request.system.length > 0) prompt.push({ role: "system", content: request.system.join("\n\n") });
  for (const message of request.messages) {
    const rendered = renderMessage(message, tools);
    const last = prompt.at(-1);
    // Results of parallel calls belong into one message: Google refuses them apart.
    if (rendered.role === "tool" && last?.role === "tool") last.content.push(...rendered.content);
    else prompt.push(rendered);
  }
  return prompt;
}

function renderMessage(message: ModelMessage, tools: SpelledTools): Message {
  switch (message.role) {
    case "user":
      return { role: "user", content: [{ type: "text", text: message.content }] };
    case "tool": {
      const { output, isError } = message;
      const { name } = tools.toProvider({ id: message.callId, name: message.name, input: {} });
      return {
        role: "tool",
        content: [
          {
            type: "tool-result",
            toolCallId: message.callId,
            toolName: name,
            output: isError ? { type: "error-json", value: output } : { type: "json", value: output },
          },
        ],
      };
    }
    case "assistant": {
      const kept = readKeptMetadata(message.reasoning ?? []);
      const content: AssistantContent = kept.reasoning.map(({ text, metadata }) => ({
        type: "reasoning",
        text,
        providerOptions: metadata,
      }));
      if (message.content !== "") content.push({ type: "text", text: message.content });
      for (const call of message.toolCalls ?? []) {
        const { name, input } = tools.toProvider(call);
        content.push({
          type: "tool-call",
          toolCallId: call.id,
          toolName: name,
          input,
          providerOptions: kept.calls.get(call.id),
        });
      }
      return { role: "assistant", content };
    }
    default:
      return message satisfies never;
  }
}
