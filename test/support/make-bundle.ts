import { buffer } from "node:stream/consumers";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { type Header, pack } from "tar-stream";

/** What `pack` takes of a header, and the content; text for most files. */
export type BundleEntry = Partial<Header> & { name: string; content?: string | Uint8Array };

/** A gzip tarball of files by name. Entries with a header of their own can break every rule. */
export async function makeBundle(entries: Record<string, string> | readonly BundleEntry[]): Promise<Buffer> {
  return gzipSync(await makeTar(entries));
}

/** The same before it is packed. */
export async function makeTar(entries: Record<string, string> | readonly BundleEntry[]): Promise<Buffer> {
  const archive = pack();
  for (const { content, ...header } of listOf(entries)) {
    if (content === undefined) archive.entry({ size: 0, ...header });
    else archive.entry(header, content);
  }
  archive.finalize();
  return buffer(Readable.from(bytesOf(archive)));
}

function listOf(entries: Record<string, string> | readonly BundleEntry[]): readonly BundleEntry[] {
  return isList(entries) ? entries : Object.entries(entries).map(([name, content]) => ({ name, content }));
}

function isList(entries: Record<string, string> | readonly BundleEntry[]): entries is readonly BundleEntry[] {
  return Array.isArray(entries);
}

async function* bytesOf(archive: AsyncIterable<unknown>): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of archive) if (chunk instanceof Uint8Array) yield chunk;
}
