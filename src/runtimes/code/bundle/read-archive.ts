import type { Readable } from "node:stream";
import { type Extract, extract, type Header } from "tar-stream";
import { RunyardError } from "../../../contract/errors.ts";
import { ArchiveTree, type TreeNode } from "./archive-tree.ts";
import type { BundleLimits } from "./bundle-limits.ts";
import { gunzip } from "./gunzip.ts";
import { invalidBundle } from "./invalid-bundle.ts";

/** The file that says which folder of an archive is the project. */
const manifestName = "charm.yaml";

/** Is called for each thing to make, in an order in which it can be. Only a file has content; what is not read is passed over. */
export type VisitNode = (node: TreeNode, content: AsyncIterable<Uint8Array>) => Promise<void>;

/**
 * Reads a gzip tarball entry by entry, in bounded memory, and holds it to the rules of bundles.
 *
 * @param options.onBytes gets the compressed bytes as they come
 * @returns the tree, once everything was visited, and which of its folders is the project
 * @throws `bundle_invalid`; what `visit` or the content threw; the signal's reason
 */
export async function readArchive(
  content: Readable,
  options: { limits: BundleLimits; onBytes?: (bytes: Buffer) => void; signal?: AbortSignal },
  visit: VisitNode,
): Promise<{ tree: ArchiveTree; root: string }> {
  const tree = new ArchiveTree(options.limits);
  const archive = extract();
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);
  const feeding = feed(gunzip(content, { ...options, signal }), archive);
  // The loop below fails with the same cause; this one is looked at after it.
  feeding.catch(() => undefined);
  try {
    for await (const entry of archive) {
      const nodes = tree.add(describe(entry.header));
      for (const node of nodes) await visit(node, bytesOf(entry));
      entry.resume();
    }
    await feeding;
  } catch (error) {
    options.signal?.throwIfAborted();
    throw readable(error);
  } finally {
    stop.abort();
    await feeding.catch(() => undefined);
  }
  if (tree.entries === 0) throw invalidBundle("The bundle is empty.");
  const root = tree.findRoot(manifestName);
  tree.checkLinks(root);
  return { tree, root };
}

/** Fails the archive with what the bytes failed with. Ends early when the archive was given up. */
async function feed(bytes: AsyncIterable<Buffer>, archive: Extract): Promise<void> {
  try {
    for await (const piece of bytes) {
      if (archive.destroyed) return;
      if (!archive.write(piece)) await drained(archive);
    }
    archive.end(undefined);
  } catch (error) {
    archive.destroy(error instanceof Error ? error : new Error("the content failed", { cause: error }));
    throw error;
  }
}

async function drained(archive: Extract): Promise<void> {
  if (archive.destroyed) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const go = () => resolve();
  archive.once("drain", go).once("close", go);
  await promise;
  archive.off("drain", go).off("close", go);
}

async function* bytesOf(entry: AsyncIterable<unknown>): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of entry) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError("expected bytes from the archive");
    yield chunk;
  }
}

/** The header's `type` is null for one that the library does not know, whatever its types say. */
function describe(header: Header) {
  return {
    name: header.name,
    type: header.type,
    linkTarget: header.linkname,
    sizeBytes: header.size,
    mode: header.mode,
  };
}

/** The archive library throws plain errors with plain words. */
function readable(failure: unknown): unknown {
  if (failure instanceof RunyardError || !(failure instanceof Error) || "code" in failure) return failure;
  if (/unexpected end/i.test(failure.message)) {
    return invalidBundle("The bundle's tar archive is cut off.", { cause: failure });
  }
  if (/invalid (?:tar )?header|header exceeds/i.test(failure.message)) {
    return invalidBundle("The bundle holds no tar archive, or a damaged one.", { cause: failure });
  }
  return failure;
}
