import type { JsonObject } from "../../contract/json.ts";
import type { Outbound } from "../../egress/outbound.ts";
import type { LanguageModel } from "../language-model.ts";
import { streamAnswer } from "../wire/answer-stream.ts";
import { spellTools } from "../wire/spelled-tools.ts";
import { type ClaudeTraits, claudeTraits } from "./claude-traits.ts";
import { MessagesAnswer } from "./messages-answer.ts";
import { renderMessagesRequest } from "./messages-request.ts";

export interface AnthropicOptions {
  /** `provider/model`, as we name it. */
  id: string;
  /** The model as the provider names it. */
  modelName: string;
  /** With or without the version: `https://api.anthropic.com`. */
  baseUrl: string;
  apiKey?: string;
  outbound: Outbound;
  headers?: Record<string, string>;
  /** What the model takes. Default: told by its name. */
  capabilities?: Partial<ClaudeTraits>;
  /** The bound on an answer where the request has none. Default 8,192 tokens, which all models since 3.5 allow. */
  defaultMaxTokens?: number;
  /** Marks what is stable for the provider's cache. Default true. */
  promptCaching?: boolean;
  /** Fields to add to each request, such as `thinking`. */
  extraBody?: JsonObject;
}

/**
 * A model behind the Anthropic messages wire. One call is one request; retries and time limits are the caller's.
 * @see https://platform.claude.com/docs/en/api/messages
 */
export function createAnthropicModel(options: AnthropicOptions): LanguageModel {
  const base = options.baseUrl.replace(/\/+$/, "");
  const url = `${base}${/\/v\d+$/.test(base) ? "" : "/v1"}/messages`;
  const headers: Record<string, string> = {
    "content-type": "application/json",
    accept: "text/event-stream",
    "anthropic-version": "2023-06-01",
  };
  if (options.apiKey !== undefined && options.apiKey !== "") headers["x-api-key"] = options.apiKey;
  Object.assign(headers, options.headers);
  const identity = {
    modelId: options.id,
    secrets: [options.apiKey ?? "", ...Object.values(options.headers ?? {}).filter((value) => value.length >= 8)],
  };
  const named = claudeTraits(options.modelName);
  // A model that thinks takes neither a prefill nor a temperature.
  const traits = {
    ...named,
    ...(thinks(options.extraBody) ? { prefill: false, sampling: false } : {}),
    ...options.capabilities,
  };
  const requestOptions = {
    modelName: options.modelName,
    traits,
    defaultMaxTokens: options.defaultMaxTokens ?? 8_192,
    promptCaching: options.promptCaching ?? true,
    extraBody: options.extraBody,
  };

  return {
    id: options.id,
    continuesAnswers: traits.prefill,
    stream(request, { signal }) {
      const tools = spellTools(request.tools ?? []);
      const { body, omittedWhitespace } = renderMessagesRequest(request, tools, requestOptions);
      return streamAnswer({
        outbound: options.outbound,
        request: { url, headers, body },
        signal,
        identity,
        createReader: (give) => new MessagesAnswer(identity, tools, omittedWhitespace, give),
      });
    },
  };
}

function thinks(extraBody: JsonObject | undefined): boolean {
  const thinking = extraBody?.thinking;
  return typeof thinking === "object" && thinking !== null && !Array.isArray(thinking) && thinking.type !== "disabled";
}
