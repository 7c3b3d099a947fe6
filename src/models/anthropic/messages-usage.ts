import type { Usage } from "../../contract/usage.ts";
import { tokenCount } from "../wire/token-count.ts";
import type { MessagesUsage } from "./messages-event.ts";

/**
 * What an answer has used. The counts come in pieces: input with the start, output with the end, and a later event
 * repeats or corrects what an earlier one said. They are totals, never to be added up.
 */
export class MessagesUsageCount {
  #latest: MessagesUsage | undefined;

  add(usage: MessagesUsage | null | undefined): void {
    if (typeof usage !== "object" || usage === null) return;
    const known = Object.entries(usage).filter(([, value]) => value !== null);
    this.#latest = { ...this.#latest, ...Object.fromEntries(known) };
  }

  /** Undefined when the provider sent none. Their input leaves out what the cache was read or written for; ours has it. */
  get total(): Usage | undefined {
    const usage = this.#latest;
    if (usage === undefined) return undefined;
    const cacheReadTokens = tokenCount(usage.cache_read_input_tokens);
    const cacheWriteTokens = tokenCount(usage.cache_creation_input_tokens);
    return {
      inputTokens: tokenCount(usage.input_tokens) + cacheReadTokens + cacheWriteTokens,
      outputTokens: tokenCount(usage.output_tokens),
      cacheReadTokens,
      cacheWriteTokens,
      reasoningTokens: tokenCount(usage.output_tokens_details?.thinking_tokens),
    };
  }
}
