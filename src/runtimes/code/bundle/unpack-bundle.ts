import { createHash } from "node:crypto";
import { constants, link, mkdir, open, rename, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import type { TreeNode } from "./archive-tree.ts";
import { type BundleLimits, defaultBundleLimits } from "./bundle-limits.ts";
import { invalidBundle } from "./invalid-bundle.ts";
import { readArchive } from "./read-archive.ts";

export interface UnpackOptions {
  limits?: BundleLimits;
  /** What the compressed bytes have to hash to, lower-case hex. */
  sha256?: string;
  signal?: AbortSignal;
}

/**
 * Unpacks a bundle into a new folder: the project, without the folder that an archive may have around it. Files get mode
 * 0644 or 0755, folders 0755, all belong to this process. It is unpacked beside and renamed, so that `target` is there
 * whole or not at all.
 *
 * @param target must not exist; its parent must. While it is being made, `target` with `.unpacking` behind it is taken.
 * @throws `bundle_invalid` that names the entry and the rule; the signal's reason
 */
export async function unpackBundle(content: Readable, target: string, options: UnpackOptions = {}): Promise<void> {
  const { limits = defaultBundleLimits, sha256, signal } = options;
  const draft = `${target}.unpacking`;
  const hash = createHash("sha256");
  const onBytes = (bytes: Buffer) => void hash.update(bytes);
  await makeFolder(draft);
  try {
    const { root } = await readArchive(content, { limits, onBytes, signal }, (node, bytes) =>
      makeNode(draft, node, bytes),
    );
    if (sha256 !== undefined && hash.digest("hex") !== sha256) {
      throw invalidBundle(`The bundle does not have the SHA-256 ${sha256} that it was stored under.`);
    }
    await rename(join(draft, root), target);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/**
 * The folders above were made here, by this very archive, and nobody else writes in the draft: no name on the way is a
 * link. `O_EXCL` and its likes refuse whatever is there already.
 */
async function makeNode(draft: string, node: TreeNode, content: AsyncIterable<Uint8Array>): Promise<void> {
  const path = join(draft, node.path);
  switch (node.kind) {
    case "folder":
      return makeFolder(path);
    case "file":
      return writeFile(path, content, node.executable ? 0o755 : 0o644);
    case "link":
      return symlink(node.target, path);
    case "same-file":
      return link(join(draft, node.as), path);
    default:
      return node satisfies never;
  }
}

async function makeFolder(path: string): Promise<void> {
  await mkdir(path);
  const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  // Set by itself, because the process may have a mask that takes the others' rights away.
  await folder.chmod(0o755).finally(() => folder.close());
}

async function writeFile(path: string, content: AsyncIterable<Uint8Array>, mode: number): Promise<void> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const file = await open(path, flags, mode);
  try {
    for await (const bytes of content) await file.writeFile(bytes);
    await file.chmod(mode);
  } finally {
    await file.close();
  }
}
