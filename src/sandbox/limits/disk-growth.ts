import { readdirSync, type StatsFs, statfsSync, statSync } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";

/** What the smallest file takes, its name and its entry in the file system. */
const entryBytes = 4096;
/** Without any sign of growth, the folders are measured after so many looks: another program may have freed space. */
const looksBetweenMeasures = 50;

/**
 * Watches how much a program writes into the folders it may change. There is no quota to be had for a folder, and to
 * measure one means to walk through it; so a look only asks the file system how much is free, and the walk is made when so
 * much is gone that the limit could be passed.
 */
export class DiskGrowth {
  readonly #folders: readonly string[];
  readonly #limit: number;
  readonly #startedAt: number;
  readonly #processes: () => number[];
  #free: Free[];
  #allowance: number;
  #looks = 0;

  /**
   * @param startedAt epoch milliseconds; a file that has changed since counts in full
   * @param processes whose open files are looked at: one without a name takes space as well
   */
  constructor(folders: readonly string[], limitBytes: number, startedAt: number, processes: () => number[]) {
    this.#folders = folders;
    this.#limit = limitBytes;
    this.#startedAt = startedAt;
    this.#processes = processes;
    this.#free = folders.map(freeOf);
    this.#allowance = limitBytes;
  }

  /** @returns whether the limit is passed */
  async exceeded(): Promise<boolean> {
    if (this.#folders.length === 0) return false;
    this.#looks += 1;
    const free = this.#folders.map(freeOf);
    const gone = Math.max(...free.map((now, index) => goneSince(this.#free[index] ?? now, now)));
    if (gone < this.#allowance && this.#looks < looksBetweenMeasures) return false;
    this.#looks = 0;
    this.#free = free;
    let bytes = unnamedBytes(this.#processes());
    for (const folder of this.#folders) {
      if (bytes <= this.#limit) bytes = await this.#add(folder, bytes);
    }
    // Never so small that the folders are walked through again and again.
    this.#allowance = Math.max(this.#limit - bytes, this.#limit / 8);
    return bytes > this.#limit;
  }

  async #add(folder: string, before: number): Promise<number> {
    let bytes = before;
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      if (bytes > this.#limit) return bytes;
      const path = join(folder, entry.name);
      const facts = await lstat(path).catch(() => undefined);
      if (facts === undefined) continue;
      if (facts.ctimeMs >= this.#startedAt) bytes += Math.max(facts.blocks * 512, entryBytes);
      // By what the entry is, not by what a link in its place leads to.
      if (facts.isDirectory()) bytes = await this.#add(path, bytes);
    }
    return bytes;
  }
}

interface Free {
  bytes: number;
  entries: number;
}

function freeOf(folder: string): Free {
  try {
    const { bsize, bfree, ffree }: StatsFs = statfsSync(folder);
    return { bytes: bsize * bfree, entries: ffree };
  } catch {
    return { bytes: 0, entries: 0 };
  }
}

/** In bytes; empty files take none, but entries of which there is an end as well. */
function goneSince(before: Free, now: Free): number {
  return Math.max(before.bytes - now.bytes, (before.entries - now.entries) * entryBytes);
}

/** Of files that were deleted and are still open. */
function unnamedBytes(processes: readonly number[]): number {
  const seen = new Map<string, number>();
  for (const pid of processes) {
    for (const path of openFiles(pid)) {
      try {
        const { nlink, dev, ino, blocks } = statSync(path);
        // Block devices have numbers from 256 on; what is held in memory is counted there.
        if (nlink === 0 && dev >= 256) seen.set(`${dev}:${ino}`, blocks * 512);
      } catch {
        // Closed meanwhile.
      }
    }
  }
  return [...seen.values()].reduce((sum, bytes) => sum + bytes, 0);
}

function openFiles(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((name) => `/proc/${pid}/fd/${name}`);
  } catch {
    return [];
  }
}
