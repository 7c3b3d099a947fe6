import type { Attributes } from "@opentelemetry/api";
import type { ModelCall } from "./execution-events.ts";

/** Well-known provider names that differ from ours. */
const providerNames: Record<string, string> = {
  "openai-responses": "openai",
  google: "gcp.gemini",
  mistral: "mistral_ai",
  xai: "x_ai",
};

/**
 * The attributes of a model call. Prompts and answers are never among them.
 * @see https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/
 */
export function modelCallAttributes(call: ModelCall): Attributes {
  const slash = call.model.indexOf("/");
  const provider = call.model.slice(0, slash);
  return {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": providerNames[provider] ?? provider,
    "gen_ai.request.model": call.model.slice(slash + 1),
    "gen_ai.conversation.id": call.conversationId,
    "gen_ai.response.finish_reasons": [call.finishReason],
    "gen_ai.usage.input_tokens": call.usage?.inputTokens,
    "gen_ai.usage.output_tokens": call.usage?.outputTokens,
    "gen_ai.usage.cache_read.input_tokens": call.usage?.cacheReadTokens,
    "gen_ai.usage.cache_creation.input_tokens": call.usage?.cacheWriteTokens,
    "runyard.model.purpose": call.purpose,
    "runyard.model.cost_usd": call.costNanoUsd === null ? undefined : call.costNanoUsd / 1e9,
  };
}
