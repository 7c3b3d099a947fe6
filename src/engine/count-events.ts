import type { DomainEvent } from "../contract/events.ts";
import type { Counts } from "./guard-queries.ts";

export const noCounts: Counts = Object.freeze({
  firstTokenAt: null,
  toolCalls: 0,
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
  costNanoUsd: 0,
  costUnknown: 0,
});

/** What a batch of events adds to the execution's row; `noCounts` itself when nothing. */
export function countEvents(batch: readonly { event: DomainEvent; at: number }[], hasFirstToken: boolean): Counts {
  let counts: Counts | undefined;
  for (const { event, at } of batch) {
    if (event.type === "text-delta") {
      if (hasFirstToken || (counts?.firstTokenAt ?? null) !== null) continue;
      counts ??= { ...noCounts };
      counts.firstTokenAt = at;
    } else if (event.type === "tool-call-started" || event.type === "tool-call-required") {
      counts ??= { ...noCounts };
      counts.toolCalls += 1;
    } else if (event.type === "model-called") {
      counts ??= { ...noCounts };
      const { usage, costNanoUsd } = event.body;
      counts.inputTokens += usage.inputTokens;
      counts.outputTokens += usage.outputTokens;
      counts.cacheReadTokens += usage.cacheReadTokens;
      counts.cacheWriteTokens += usage.cacheWriteTokens;
      counts.reasoningTokens += usage.reasoningTokens;
      if (costNanoUsd === null) counts.costUnknown += 1;
      else counts.costNanoUsd += costNanoUsd;
    }
  }
  return counts ?? noCounts;
}
