import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { type BundleLimits, defaultBundleLimits } from "./bundle-limits.ts";
import { invalidEntry } from "./invalid-bundle.ts";
import { readArchive } from "./read-archive.ts";

export interface BundleContent {
  /** Names in the archive, folders that are only implied included. */
  entries: number;
  /** Of all files, unpacked. */
  totalBytes: number;
  /** Lower-case hex SHA-256 over paths, kinds and contents: two packings of the same files have the same one. */
  contentSha256: string;
  /** Text by name, of those wanted files that are there and are no links. */
  files: Map<string, string>;
}

const maxWantedBytes = 1024 * 1024;

/**
 * Reads a bundle without writing anything, by the rules that hold when it is unpacked.
 *
 * @param wanted paths below the project's folder, such as `charm.yaml`, of whose content at most 1 MiB each is read
 * @throws `bundle_invalid` that names the entry and the rule; the signal's reason
 */
export async function inspectBundle(
  content: Readable,
  wanted: readonly string[],
  options: { limits?: BundleLimits; signal?: AbortSignal } = {},
): Promise<BundleContent> {
  const found = new Map<string, Buffer>();
  const nodes: string[] = [];
  /** Only the first folder at the top can be the project: as soon as there are two, neither is. */
  let firstFolder: string | undefined;
  const isWanted = (path: string) =>
    wanted.includes(path) ||
    (firstFolder !== undefined &&
      path.startsWith(`${firstFolder}/`) &&
      wanted.includes(path.slice(firstFolder.length + 1)));

  const { tree, root } = await readArchive(
    content,
    { limits: options.limits ?? defaultBundleLimits, signal: options.signal },
    async (node, bytes) => {
      if (node.kind === "folder" && !node.path.includes("/")) firstFolder ??= node.path;
      if (node.kind !== "file") {
        nodes.push(JSON.stringify([node.path, node]));
        return;
      }
      const hash = createHash("sha256");
      const hashed = passing(bytes, (chunk) => hash.update(chunk));
      if (isWanted(node.path)) found.set(node.path, await readWanted(node.path, hashed));
      else for await (const _ of hashed); // read for its hash alone
      nodes.push(JSON.stringify([node.path, node, hash.digest("hex")]));
    },
  );
  const files = new Map<string, string>();
  for (const name of wanted) {
    const path = root === "" ? name : `${root}/${name}`;
    const bytes = found.get(path);
    if (bytes !== undefined) files.set(name, decode(path, bytes));
  }
  const contentSha256 = createHash("sha256").update(nodes.toSorted().join("\n")).digest("hex");
  return { entries: tree.entries, totalBytes: tree.totalBytes, contentSha256, files };
}

async function* passing(
  bytes: AsyncIterable<Uint8Array>,
  see: (chunk: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    see(chunk);
    yield chunk;
  }
}

async function readWanted(path: string, content: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of content) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > maxWantedBytes) throw invalidEntry(path, `is read as text and may have ${maxWantedBytes} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function decode(path: string, bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw invalidEntry(path, "is read as text, but is not in UTF-8.");
  }
}
