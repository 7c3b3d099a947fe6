import type { JsonObject } from "../../contract/json.ts";
import type { Outbound } from "../../egress/outbound.ts";
import type { LanguageModel } from "../language-model.ts";
import { streamAnswer } from "../wire/answer-stream.ts";
import { spellTools } from "../wire/spelled-tools.ts";
import { ChatAnswer } from "./chat-answer.ts";
import { type ChatCapabilities, renderChatRequest } from "./chat-request.ts";

export interface OpenAiCompatibleOptions {
  /** `provider/model`, as we name it. */
  id: string;
  /** The model as the server names it. */
  modelName: string;
  /** Up to the version: `https://api.openai.com/v1`. */
  baseUrl: string;
  /** Sent as a bearer token; local servers need none. */
  apiKey?: string;
  outbound: Outbound;
  headers?: Record<string, string>;
  capabilities?: Partial<ChatCapabilities>;
  /**
   * Whether the server goes on from a last assistant message exactly where it ends. Default false: OpenAI answers it
   * with a message of its own.
   */
  continuesAnswers?: boolean;
  /**
   * What the server must be told to do so, e.g. `{continue_final_message: true, add_generation_prompt: false}` for vLLM.
   */
  continuationBody?: JsonObject;
  /** Fields to add to each request, such as `reasoning_effort`. */
  extraBody?: JsonObject;
}

/**
 * A model behind the chat completions wire: OpenAI, Ollama, vLLM, llama.cpp and many others. One call is one request;
 * retries and time limits are the caller's.
 * @see https://platform.openai.com/docs/api-reference/chat
 */
export function createOpenAiCompatibleModel(options: OpenAiCompatibleOptions): LanguageModel {
  const url = `${options.baseUrl.replace(/\/+$/, "")}/chat/completions`;
  const headers: Record<string, string> = { "content-type": "application/json", accept: "text/event-stream" };
  if (options.apiKey !== undefined && options.apiKey !== "") headers.authorization = `Bearer ${options.apiKey}`;
  Object.assign(headers, options.headers);
  const identity = {
    modelId: options.id,
    secrets: [options.apiKey ?? "", ...Object.values(options.headers ?? {}).filter((value) => value.length >= 8)],
  };
  const requestOptions = {
    modelName: options.modelName,
    extraBody: options.extraBody,
    continuationBody: options.continuationBody,
    capabilities: {
      structuredOutput: "json_schema",
      maxTokensField: URL.parse(url)?.hostname === "api.openai.com" ? "max_completion_tokens" : "max_tokens",
      sampling: true,
      usageInStream: true,
      ...options.capabilities,
    },
  } as const;

  return {
    id: options.id,
    continuesAnswers: options.continuesAnswers ?? false,
    stream(request, { signal }) {
      const tools = spellTools(request.tools ?? []);
      return streamAnswer({
        outbound: options.outbound,
        request: { url, headers, body: renderChatRequest(request, tools, requestOptions) },
        signal,
        identity,
        createReader: (give) => new ChatAnswer(identity, tools, give),
      });
    },
  };
}
