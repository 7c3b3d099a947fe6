import type { Id } from "../contract/ids.ts";
import type { Database } from "../store/database.ts";
import { prepared } from "../store/prepared.ts";

/** A key's last use is written at most this often. */
const everyMs = 60_000;
const maxKnown = 10_000;

/** Writes when keys were last used, behind the requests and at most once a minute each. Dispose waits for the writes. */
export class KeyUses implements AsyncDisposable {
  readonly #database: Database;
  readonly #touch;
  /** When each key's last use was written. */
  readonly #writtenAt = new Map<Id, number>();
  readonly #writes = new Set<Promise<unknown>>();
  readonly #onWriteFailed: (error: unknown) => void;

  constructor(options: { database: Database; onWriteFailed?: (error: unknown) => void }) {
    this.#database = options.database;
    this.#onWriteFailed = options.onWriteFailed ?? (() => undefined);
    this.#touch = prepared<{ id: Id; now: number }>((p) =>
      options.database.builder.updateTable("api_key").set({ last_used_at: p.now }).where("id", "=", p.id),
    );
  }

  /** @param storedAt the last use as the key's row has it */
  note(keyId: Id, storedAt: number | null, now: number): void {
    if (now - Math.max(this.#writtenAt.get(keyId) ?? 0, storedAt ?? 0) < everyMs) return;
    if (this.#writtenAt.size >= maxKnown) this.#writtenAt.clear();
    this.#writtenAt.set(keyId, now);
    const write = this.#database.write([this.#touch({ id: keyId, now })]).catch(this.#onWriteFailed);
    this.#writes.add(write);
    void write.then(() => this.#writes.delete(write));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#writes);
  }
}
