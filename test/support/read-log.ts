import type { EventType, StoredEvent } from "../../src/contract/events.ts";
import type { Id } from "../../src/contract/ids.ts";
import type { EventFeed } from "../../src/engine/event-feed.ts";
import type { LogRange } from "../../src/engine/log-follower.ts";

/**
 * Reads a log in the batches in which it is offered. The next one is taken when the caller asks for it; leaving the loop
 * leaves the log, and so does the signal.
 */
export async function* batchesOf(
  feed: EventFeed,
  executionId: Id,
  { signal, ...range }: LogRange & { signal?: AbortSignal },
): AsyncGenerator<readonly StoredEvent[], void, undefined> {
  let batch: readonly StoredEvent[] = [];
  let outcome: { error?: unknown } | undefined;
  let change = Promise.withResolvers<void>();
  const settle = (result: { error?: unknown }) => {
    outcome ??= result;
    change.resolve();
  };
  const following = feed.follow(executionId, range, {
    take(events) {
      if (batch.length > 0) return 0;
      batch = events;
      change.resolve();
      return events.length;
    },
    end: () => settle({}),
    fail: (error) => settle({ error }),
  });
  const leave = () => settle({});
  signal?.addEventListener("abort", leave);
  try {
    for (;;) {
      following.resume();
      await change.promise;
      change = Promise.withResolvers<void>();
      if (signal?.aborted !== true && batch.length > 0) yield batch;
      batch = [];
      if (outcome?.error !== undefined) throw outcome.error;
      if (outcome !== undefined) return;
    }
  } finally {
    signal?.removeEventListener("abort", leave);
    following.stop();
  }
}

export function typesOf(log: readonly StoredEvent[]): EventType[] {
  return log.map(({ type }) => type);
}

/** The text that the deltas of one type add up to. */
export function joinedText(log: readonly StoredEvent[], type: "text-delta" | "reasoning-delta" = "text-delta"): string {
  let text = "";
  for (const event of log) {
    if (event.type === type && "text" in event.body) text += event.body.text;
  }
  return text;
}
