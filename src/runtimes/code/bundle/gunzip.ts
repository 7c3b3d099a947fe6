import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { crc32, createGunzip } from "node:zlib";
import type { BundleLimits } from "./bundle-limits.ts";
import { invalidBundle } from "./invalid-bundle.ts";

/** The length and checksum that a gzip member ends with. */
const trailerBytes = 8;
/** With more that belongs to no file (headers of tar, padding), an archive is made to waste time. */
const tarOverheadBytes = 64 * 1024 * 1024;

/**
 * Unpacks one gzip member, a piece at a time. Zlib itself would go on with a second member, and pass over zeros at the
 * end. Neither can happen when the last bytes of all are the checksum and length of all that came out.
 *
 * @param options.onBytes gets the compressed bytes as they come
 * @throws `bundle_invalid`; what the content emitted; an abort error
 */
export async function* gunzip(
  content: Readable,
  options: { limits: BundleLimits; onBytes?: (bytes: Buffer) => void; signal: AbortSignal },
): AsyncGenerator<Buffer, void, undefined> {
  const { limits, onBytes } = options;
  let compressed = 0;
  let unpacked = 0;
  let checksum = 0;
  let tail: Buffer = Buffer.alloc(0);

  async function* countCompressed(source: AsyncIterable<Uint8Array>) {
    for await (const chunk of source) {
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      compressed += bytes.length;
      if (compressed > limits.compressedBytes) {
        throw invalidBundle(`A bundle may have ${limits.compressedBytes} bytes; this one has more.`);
      }
      onBytes?.(bytes);
      tail = Buffer.concat([tail, bytes.subarray(-trailerBytes)]).subarray(-trailerBytes);
      yield bytes;
    }
  }

  const unpacking = createGunzip();
  const feeding = pipeline(content, countCompressed, unpacking, { signal: options.signal });
  // The loop fails with the same cause; this one is looked at after it.
  feeding.catch(() => undefined);
  try {
    for await (const chunk of unpacking) {
      const bytes = Buffer.from(chunk);
      unpacked += bytes.length;
      if (unpacked > limits.ratioFromBytes && unpacked > compressed * limits.ratio) {
        throw invalidBundle(`The bundle unpacks to more than ${limits.ratio} times its size.`);
      }
      if (unpacked > limits.totalBytes + tarOverheadBytes) {
        throw invalidBundle(`The bundle unpacks to more than ${limits.totalBytes} bytes.`);
      }
      checksum = crc32(bytes, checksum);
      yield bytes;
    }
  } catch (error) {
    throw gzipFailure(error);
  }
  // Zlib closes itself when it has what it wants, and bytes are left over that it does not look at.
  const allRead = await feeding.then(
    () => true,
    () => false,
  );
  const ends = allRead && tail.length === trailerBytes && tail.readUInt32LE(0) === checksum;
  if (!ends || tail.readUInt32LE(4) !== unpacked % 2 ** 32) {
    throw invalidBundle("The bundle has something behind the end of its gzip archive.");
  }
}

/** Zlib's errors in words; anything else as it is. */
function gzipFailure(error: unknown): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "Z_DATA_ERROR") {
    return invalidBundle("The bundle is no gzip archive, or is damaged.", { cause: error });
  }
  if (code === "Z_BUF_ERROR") {
    return invalidBundle("The bundle's gzip archive is cut off, or something stands behind its end.", { cause: error });
  }
  return error;
}
