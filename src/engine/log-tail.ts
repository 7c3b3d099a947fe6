import type { StoredEvent } from "../contract/events.ts";

const maxTailEvents = 1024;
const maxTailBytes = 256 * 1024;

/**
 * The newest events of one log, kept while an attempt runs here or someone follows it, so that live readers share them.
 */
export class LogTail {
  readonly #onUnused: () => void;
  readonly #followers = new Set<{ wake(): void }>();
  #isHeld = false;
  #events: StoredEvent[] = [];
  #bytes = 0;

  /** @param onUnused called when nobody writes or follows the log here any more */
  constructor(onUnused: () => void) {
    this.#onUnused = onUnused;
  }

  /** An attempt of this process writes the log, until `release`. */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    this.#tellWhenUnused();
  }

  /** Has the follower woken when something is published, until `leave`. */
  join(follower: { wake(): void }): void {
    this.#followers.add(follower);
  }

  leave(follower: { wake(): void }): void {
    this.#followers.delete(follower);
    this.#tellWhenUnused();
  }

  publish(events: readonly StoredEvent[]): void {
    const first = events[0];
    const newest = this.#events.at(-1)?.seq;
    // Commits of two connections can be reported in another order than they happened; the later one made readers look.
    if (first === undefined || (newest !== undefined && first.seq <= newest)) return;
    // A hole: begin again after it, readers fill up from the database.
    if (newest !== undefined && first.seq !== newest + 1) {
      this.#events = [];
      this.#bytes = 0;
    }
    for (const event of events) {
      this.#events.push(event);
      this.#bytes += sizeOf(event);
    }
    if (this.#events.length > maxTailEvents || this.#bytes > maxTailBytes) {
      const kept = this.#events.slice(-Math.max(events.length, maxTailEvents / 2));
      this.#events = kept;
      this.#bytes = kept.reduce((sum, event) => sum + sizeOf(event), 0);
    }
    for (const follower of this.#followers) follower.wake();
  }

  /** Whether it goes back to the log's beginning, so that the database has nothing more. */
  get isWhole(): boolean {
    return this.#events[0]?.seq === 1;
  }

  /** What it has above `seq`; undefined when it begins later than that, so that the database must be asked. */
  after(seq: number): readonly StoredEvent[] | undefined {
    const first = this.#events[0];
    if (first === undefined) return [];
    if (first.seq > seq + 1) return undefined;
    return this.#events.slice(seq + 1 - first.seq);
  }

  #tellWhenUnused(): void {
    if (!this.#isHeld && this.#followers.size === 0) this.#onUnused();
  }
}

function sizeOf(event: StoredEvent): number {
  return event.type === "text-delta" || event.type === "reasoning-delta" ? 96 + event.body.text.length : 256;
}
