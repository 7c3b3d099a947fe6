import { sql } from "kysely";
import type { Id } from "../contract/ids.ts";
import type { Plan, Principal } from "../contract/organization.ts";
import { prepared } from "../store/prepared.ts";
import type { RateLimitState } from "./operations.ts";
import type { Database } from "../store/database.ts";
import type { PlanLimits } from "./parts.ts";

interface RequestLimitParts {
  database: Database;
  now: () => number;
  plans: Record<Plan, PlanLimits>;
}

interface KeyWindow {
  /** Requests left in the bucket at `filledAt`, with fractions. */
  tokens: number;
  filledAt: number;
  day: string;
  /** Requests of the day, those of other processes included as far as they are known. */
  dayCount: number;
  /** Of these, not yet stored. */
  unsaved: number;
}

const minuteMs = 60_000;
const dayMs = 86_400_000;
const saveDelayMs = 5000;
/** Windows in memory before those that tell nothing are dropped. */
const maxWindows = 10_000;

/**
 * The request limits of plans, for each key: a token bucket that holds a minute's requests and fills evenly, and a count
 * for each day (UTC). Buckets live in memory; counts are added to the store a few seconds later and when the server
 * stops, so that a crash forgets seconds, not the day.
 */
export class RequestLimits implements AsyncDisposable {
  readonly #parts: RequestLimitParts;
  readonly #windows = new Map<Id, KeyWindow>();
  readonly #add;
  #day = { number: Number.NaN, text: "" };
  #timer: NodeJS.Timeout | undefined;
  #saving: Promise<void> = Promise.resolve();
  readonly #onSaveFailed: (error: unknown) => void;

  constructor(parts: RequestLimitParts, options: { onSaveFailed?: (error: unknown) => void } = {}) {
    this.#parts = parts;
    this.#onSaveFailed = options.onSaveFailed ?? (() => undefined);
    this.#add = prepared<{ keyId: Id; day: string; count: number }>((p) =>
      parts.database.builder
        .insertInto("request_count")
        .values({ key_id: p.keyId, day: p.day, count: p.count })
        .onConflict((conflict) =>
          conflict.columns(["key_id", "day"]).doUpdateSet({ count: sql<number>`request_count.count + excluded.count` }),
        )
        .returning("count"),
    );
  }

  /** The day whose count `authenticate` reads along with the key: `YYYY-MM-DD`, UTC. */
  get today(): string {
    return this.#dayOf(this.#parts.now());
  }

  /** Tells how many requests of the day are stored, from where a window that is not in memory goes on. */
  prime(keyId: Id, storedCount: number): void {
    if (storedCount === 0) return;
    const window = this.#windows.get(keyId);
    const day = this.today;
    if (window === undefined) {
      this.#windows.set(keyId, {
        tokens: Number.POSITIVE_INFINITY,
        filledAt: 0,
        day,
        dayCount: storedCount,
        unsaved: 0,
      });
    } else if (window.day === day) window.dayCount = Math.max(window.dayCount, storedCount + window.unsaved);
  }

  /** @returns undefined when the plan has no limit; a state with `retryAfterMs` when the request is to be refused */
  take(principal: Principal): RateLimitState | undefined {
    const { requestsPerMinute, requestsPerDay } = this.#parts.plans[principal.organization.plan];
    if (requestsPerMinute === null && requestsPerDay === null) return undefined;
    const now = this.#parts.now();
    const window = this.#windowOf(principal.keyId, now);
    const msPerToken = requestsPerMinute === null ? 0 : minuteMs / requestsPerMinute;
    if (requestsPerMinute !== null) {
      const filled = window.tokens + Math.max(0, now - window.filledAt) / msPerToken;
      window.tokens = Math.min(requestsPerMinute, filled);
      window.filledAt = now;
    }
    const waits: number[] = [];
    // Sums of fractions fall short of a whole by rounding.
    if (requestsPerMinute !== null && window.tokens < 1 - 1e-9) waits.push((1 - window.tokens) * msPerToken);
    const untilTomorrow = dayMs - (now % dayMs);
    if (requestsPerDay !== null && window.dayCount >= requestsPerDay) waits.push(untilTomorrow);
    if (waits.length === 0) {
      if (requestsPerMinute !== null) window.tokens -= 1;
      window.dayCount += 1;
      if (requestsPerDay !== null) {
        window.unsaved += 1;
        this.#saveSoon();
      }
    }
    const retryAfterMs = waits.length === 0 ? undefined : Math.ceil(Math.max(...waits));
    if (requestsPerMinute === null) {
      const limit = requestsPerDay ?? 0;
      return { limit, remaining: Math.max(0, limit - window.dayCount), resetAt: now + untilTomorrow, retryAfterMs };
    }
    const resetAt = Math.ceil(now + (requestsPerMinute - window.tokens) * msPerToken);
    return {
      limit: requestsPerMinute,
      remaining: Math.max(0, Math.floor(window.tokens + 1e-9)),
      resetAt,
      retryAfterMs,
    };
  }

  /** Stores what was counted since the last time; resolves when it is durable. */
  save(): Promise<void> {
    this.#saving = this.#saving.then(async () => {
      const pending = [...this.#windows].filter(([, window]) => window.unsaved > 0);
      if (pending.length === 0) return;
      const counted = pending.map(([keyId, window]) => ({ keyId, window, day: window.day, count: window.unsaved }));
      for (const { window } of counted) window.unsaved = 0;
      try {
        const results = await this.#parts.database.write(
          counted.map(({ keyId, day, count }) => this.#add({ keyId, day, count })),
        );
        for (const [index, { window, day }] of counted.entries()) {
          const stored = results[index]?.[0]?.["count"];
          if (window.day === day && typeof stored === "number") window.dayCount = stored + window.unsaved;
        }
      } catch (error) {
        for (const { window, day, count } of counted) if (window.day === day) window.unsaved += count;
        this.#onSaveFailed(error);
      }
    });
    return this.#saving;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer);
    await this.save();
  }

  /** Asked for with every request, so the text is made once a day. */
  #dayOf(at: number): string {
    const number = Math.floor(at / dayMs);
    if (number !== this.#day.number) this.#day = { number, text: new Date(at).toISOString().slice(0, 10) };
    return this.#day.text;
  }

  #windowOf(keyId: Id, now: number): KeyWindow {
    const day = this.#dayOf(now);
    let window = this.#windows.get(keyId);
    if (window === undefined) {
      if (this.#windows.size >= maxWindows) this.#dropIdle(now);
      window = { tokens: Number.POSITIVE_INFINITY, filledAt: now, day, dayCount: 0, unsaved: 0 };
      this.#windows.set(keyId, window);
    } else if (window.day !== day) {
      // What is left of yesterday is not worth a write of its own: nobody asks for it any more.
      window.day = day;
      window.dayCount = 0;
      window.unsaved = 0;
    }
    return window;
  }

  /** A bucket that has filled up again is like a new one, and a count without unsaved requests is in the store. */
  #dropIdle(now: number): void {
    for (const [keyId, window] of this.#windows) {
      if (window.unsaved === 0 && now - window.filledAt > minuteMs) this.#windows.delete(keyId);
    }
  }

  #saveSoon(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.save();
    }, saveDelayMs);
    this.#timer.unref();
  }
}
