import type { Usage } from "../../contract/usage.ts";
import { tokenCount } from "../wire/token-count.ts";
import type { ChatUsage } from "./chat-chunk.ts";

export function readChatUsage(usage: ChatUsage): Usage {
  const inputTokens = tokenCount(usage.prompt_tokens);
  const outputTokens = tokenCount(usage.completion_tokens);
  const reasoningTokens = tokenCount(usage.completion_tokens_details?.reasoning_tokens);
  // xAI counts reasoning beside the completion, not within it; the total tells.
  const reasoningIsExtra =
    reasoningTokens > 0 && tokenCount(usage.total_tokens) === inputTokens + outputTokens + reasoningTokens;
  return {
    inputTokens,
    outputTokens: reasoningIsExtra ? outputTokens + reasoningTokens : outputTokens,
    cacheReadTokens: tokenCount(
      usage.prompt_tokens_details?.cached_tokens ?? usage.prompt_cache_hit_tokens ?? usage.cached_tokens,
    ),
    cacheWriteTokens: tokenCount(usage.prompt_tokens_details?.cache_write_tokens),
    reasoningTokens,
  };
}
