import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdir, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { RunyardError } from "../../../contract/errors.ts";

/** A folder that stays as long as somebody holds a lease on it. Give it up with `using`. */
export interface FolderLease extends Disposable {
  readonly path: string;
}

/** Makes the folder `draft`, which does not exist yet. What it leaves behind when it throws is removed. */
export type MakeFolder = (draft: string, signal: AbortSignal) => Promise<void>;

/** Restarts forget who used what when; this often the disk is told. */
const noteUseEveryMs = 60_000;

interface Kept {
  leases: number;
  notedAt: number;
}

interface Making {
  done: Promise<void>;
  waiting: number;
  stop: AbortController;
}

/**
 * Folders by a key that decides their content. One is made once, however many ask for it at the same time, and appears
 * whole or not at all. The least recently used go when there are more than `keep`; those in use stay.
 */
export class FolderCache implements AsyncDisposable {
  readonly #directory: string;
  readonly #drafts: string;
  readonly #keep: number;
  /** Least recently used first. */
  readonly #kept: Map<string, Kept>;
  readonly #making = new Map<string, Making>();
  /** What is at work, whoever still waits for it. */
  readonly #work = new Set<Promise<void>>();

  private constructor(directory: string, drafts: string, keep: number, kept: Map<string, Kept>) {
    this.#directory = directory;
    this.#drafts = drafts;
    this.#keep = keep;
    this.#kept = kept;
  }

  /**
   * Takes up what is there, and removes what was being made or removed when the process died.
   *
   * @param directory used by this object alone
   * @param keep so many folders stay when nobody uses them
   */
  static async open(directory: string, keep: number): Promise<FolderCache> {
    const drafts = join(directory, "drafts");
    await mkdir(directory, { recursive: true, mode: 0o755 });
    await rm(drafts, { recursive: true, force: true });
    await mkdir(drafts, { mode: 0o755 });
    const cache = new FolderCache(directory, drafts, keep, await readKept(directory));
    cache.#evict();
    return cache;
  }

  /**
   * The folder of this key; `make` is called when there is none. It goes on while anybody waits for it, and its signal
   * aborts when nobody does. A failure reaches all who wait, and the next who asks has it tried again.
   *
   * @param key a file name
   * @throws what `make` threw; the signal's reason
   */
  async take(key: string, make: MakeFolder, signal?: AbortSignal): Promise<FolderLease> {
    signal?.throwIfAborted();
    for (;;) {
      const kept = this.#kept.get(key);
      if (kept !== undefined) return this.#lease(key, kept);
      await this.#wait(key, this.#making.get(key) ?? this.#make(key, make), signal);
    }
  }

  /** Stops what is being made and waits until nothing is at work any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    const making = [...this.#making.values()];
    for (const { stop } of making) stop.abort(new RunyardError("overloaded", "The server is stopping."));
    await Promise.all(this.#work);
  }

  #make(key: string, make: MakeFolder): Making {
    const stop = new AbortController();
    const draft = join(this.#drafts, randomUUID());
    const build = async () => {
      try {
        await make(draft, stop.signal);
        stop.signal.throwIfAborted();
        await syncFiles(draft);
        await rename(draft, this.#pathOf(key));
        this.#kept.set(key, { leases: 0, notedAt: Date.now() });
      } finally {
        if (this.#making.get(key)?.stop === stop) this.#making.delete(key);
        await rm(draft, { recursive: true, force: true });
      }
    };
    const making: Making = { done: build(), waiting: 0, stop };
    this.#making.set(key, making);
    this.#track(making.done);
    return making;
  }

  async #wait(key: string, making: Making, signal: AbortSignal | undefined): Promise<void> {
    making.waiting += 1;
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const abort = () => reject(signal?.reason);
    signal?.addEventListener("abort", abort, { once: true });
    try {
      await Promise.race([making.done, aborted]);
    } finally {
      signal?.removeEventListener("abort", abort);
      making.waiting -= 1;
      if (making.waiting === 0 && this.#making.get(key) === making) {
        // Whoever asks from here on has it made anew, beside the one that is being stopped.
        this.#making.delete(key);
        making.stop.abort(signal?.reason);
      }
    }
  }

  #lease(key: string, kept: Kept): FolderLease {
    kept.leases += 1;
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    this.#evict();
    const path = this.#pathOf(key);
    const now = Date.now();
    if (now - kept.notedAt > noteUseEveryMs) {
      kept.notedAt = now;
      this.#track(utimes(path, now / 1000, now / 1000));
    }
    let held = true;
    return {
      path,
      [Symbol.dispose]: () => {
        if (!held) return;
        held = false;
        kept.leases -= 1;
        this.#evict();
      },
    };
  }

  #evict(): void {
    for (const [key, { leases }] of this.#kept) {
      if (this.#kept.size <= this.#keep) return;
      if (leases > 0) continue;
      this.#kept.delete(key);
      this.#track(this.#remove(key));
    }
  }

  /** Moved away first, so that a crash in the middle leaves nothing that looks whole. */
  async #remove(key: string): Promise<void> {
    const grave = join(this.#drafts, randomUUID());
    await rename(this.#pathOf(key), grave);
    await rm(grave, { recursive: true, force: true });
  }

  /** Failures reach those who wait. A folder that could not be removed stands in nobody's way until the next start. */
  #track(work: Promise<void>): void {
    const settled = work.catch(() => undefined);
    this.#work.add(settled);
    void settled.then(() => this.#work.delete(settled));
  }

  #pathOf(key: string): string {
    if (!/^[\w-]+$/.test(key) || key === "drafts") throw new TypeError(`not a key of a folder: ${key}`);
    return join(this.#directory, key);
  }
}

async function readKept(directory: string): Promise<Map<string, Kept>> {
  const names = (await readdir(directory)).filter((name) => name !== "drafts");
  const found = await Promise.all(
    names.map(async (name) => ({ name, usedAt: (await stat(join(directory, name))).mtimeMs })),
  );
  found.sort((one, other) => one.usedAt - other.usedAt);
  return new Map(found.map(({ name, usedAt }) => [name, { leases: 0, notedAt: usedAt }]));
}

/**
 * Puts the folder's content on the disk before its name says that it is whole: after a power cut, a rename can be there
 * without the bytes. One call for the file system instead of one for each of thousands of files. Where there is no such
 * program, there is no sandbox that would use the folder either.
 * @see https://www.gnu.org/software/coreutils/manual/html_node/sync-invocation.html
 */
async function syncFiles(path: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  execFile("sync", ["-f", path], () => resolve());
  await promise;
}
