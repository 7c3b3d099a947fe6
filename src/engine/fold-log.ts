import type { StoredEvent } from "../contract/events.ts";
import type { Id } from "../contract/ids.ts";
import type { EventFeed } from "./event-feed.ts";
import type { LogRange } from "./log-follower.ts";

/**
 * Hands each event of a log to `add` as soon as it is there, until its end.
 *
 * @returns the event it ended with; undefined when the signal aborted before
 */
export function foldLog(
  feed: EventFeed,
  executionId: Id,
  { signal, ...range }: LogRange & { signal?: AbortSignal },
  add: (event: StoredEvent) => void,
): Promise<StoredEvent | undefined> {
  if (signal?.aborted === true) return Promise.resolve(undefined);
  return new Promise((resolve, reject) => {
    const leave = () => {
      following.stop();
      resolve(undefined);
    };
    const following = feed.follow(executionId, range, {
      take(events) {
        for (const event of events) add(event);
        return events.length;
      },
      end(last) {
        signal?.removeEventListener("abort", leave);
        resolve(last);
      },
      fail(error) {
        signal?.removeEventListener("abort", leave);
        reject(error);
      },
    });
    signal?.addEventListener("abort", leave);
    following.resume();
  });
}
