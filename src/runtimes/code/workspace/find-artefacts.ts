import { type BigIntStats, constants } from "node:fs";
import { lstat, open, readdir } from "node:fs/promises";
import { join } from "node:path";

/** A file that a run has made or changed. */
export interface Artefact {
  /** Its path below the working directory. */
  name: string;
  sizeBytes: number;
}

export interface FoundArtefacts {
  /** By name. */
  kept: Artefact[];
  /** Over the limits. */
  leftOut: number;
}

const maxArtefacts = 100;
const maxArtefactBytes = 100 * 1024 * 1024;
const maxTotalBytes = 500 * 1024 * 1024;
const maxDepth = 32;
/** So many entries are looked at; a program can make more than anybody wants to wait for. */
const maxEntries = 100_000;

/** No work of the program: what it is made of, what tools leave behind. */
const skippedNames = new Set(["__pycache__", "node_modules", "skills", "input.json"]);

/**
 * Finds what the run has made in its working directory. No clock decides: the directory was a copy, so a file is new when
 * it was not copied, and changed when its size, its time or its content are not those of the original.
 *
 * Nothing may be running in the directory. Links are not followed, and no other than plain files are taken.
 *
 * @param folder the working directory
 * @param originals what it was copied from, with times; where two hold the same name, the later one was copied over the other
 */
export async function findArtefacts(folder: string, originals: readonly string[]): Promise<FoundArtefacts> {
  const found: Artefact[] = [];
  let entriesLeft = maxEntries;
  const visit = async (below: string, depth: number): Promise<void> => {
    const entries = await readdir(join(folder, below), { withFileTypes: true });
    for (const entry of entries) {
      entriesLeft -= 1;
      if (entriesLeft < 0) return;
      if (entry.name.startsWith(".") || skippedNames.has(entry.name)) continue;
      const name = below === "" ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory() && depth < maxDepth) await visit(name, depth + 1);
      if (!entry.isFile()) continue;
      const stats = await lstat(join(folder, name), { bigint: true });
      if (await isUnchanged(stats, name)) continue;
      found.push({ name, sizeBytes: Number(stats.size) });
    }
  };
  const isUnchanged = async (stats: BigIntStats, name: string): Promise<boolean> => {
    for (const original of originals.toReversed()) {
      const before = await lstat(join(original, name), { bigint: true }).catch(() => undefined);
      if (before === undefined || !before.isFile()) continue;
      if (before.size !== stats.size) return false;
      return before.mtimeNs === stats.mtimeNs || (await sameContent(join(folder, name), join(original, name)));
    }
    return false;
  };
  await visit("", 1);
  found.sort((one, other) => (one.name < other.name ? -1 : 1));
  return within(found);
}

function within(found: readonly Artefact[]): FoundArtefacts {
  const kept: Artefact[] = [];
  let total = 0;
  for (const artefact of found) {
    const isSmall = artefact.sizeBytes <= maxArtefactBytes && total + artefact.sizeBytes <= maxTotalBytes;
    if (kept.length === maxArtefacts || !isSmall) continue;
    total += artefact.sizeBytes;
    kept.push(artefact);
  }
  return { kept, leftOut: found.length - kept.length };
}

async function sameContent(one: string, other: string): Promise<boolean> {
  await using first = await open(one, constants.O_RDONLY | constants.O_NOFOLLOW);
  await using second = await open(other, constants.O_RDONLY | constants.O_NOFOLLOW);
  const left = Buffer.alloc(64 * 1024);
  const right = Buffer.alloc(left.length);
  for (;;) {
    const [a, b] = await Promise.all([first.read(left), second.read(right)]);
    if (a.bytesRead !== b.bytesRead) return false;
    if (a.bytesRead === 0) return true;
    if (!left.subarray(0, a.bytesRead).equals(right.subarray(0, b.bytesRead))) return false;
  }
}
