import { createHash, randomUUID } from "node:crypto";
import { access, mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { RunyardError } from "../contract/errors.ts";

export interface StoredBlob {
  /** Lower-case hex SHA-256 of the bytes. */
  sha256: string;
  sizeBytes: number;
}

/** What the owner of the rows does while nobody may remove the bytes. */
export interface BlobRecord<T> {
  /** Called before the bytes are placed, so that what a crash leaves behind can be found again. */
  note(blob: StoredBlob): Promise<void>;
  /** Called once they are durable: makes what refers to them. */
  refer(blob: StoredBlob): Promise<T>;
}

/**
 * Files by the hash of their content, `ab/cdef…` under one directory: the same bytes are stored once. Bytes appear whole
 * or not at all, and a removal waits while the same bytes are being put, so that neither can undo the other.
 */
export class BlobFiles {
  readonly #directory: string;
  readonly #drafts: string;
  /** The last of those who wait for, or hold, the right to place or remove these bytes. */
  readonly #holders = new Map<string, Promise<void>>();

  private constructor(directory: string, drafts: string) {
    this.#directory = directory;
    this.#drafts = drafts;
  }

  /**
   * Makes the directory, and removes what uploads left behind when the process died.
   *
   * @param directory for example `<data directory>/blobs`; used by this object alone
   */
  static async open(directory: string): Promise<BlobFiles> {
    const drafts = join(directory, "drafts");
    await mkdir(drafts, { recursive: true, mode: 0o700 });
    for (const name of await readdir(drafts)) await rm(join(drafts, name), { force: true });
    return new BlobFiles(directory, drafts);
  }

  /**
   * Reads `content` to its end and stores it. Nothing stays when it breaks off, is too large, or the signal aborts.
   *
   * @returns what `record.refer` returned
   * @throws `body_too_large`; what the stream or the record threw; the signal's reason
   */
  async put<T>(
    content: Readable,
    options: { maxBytes: number; signal?: AbortSignal },
    record: BlobRecord<T>,
  ): Promise<T> {
    const draft = join(this.#drafts, randomUUID());
    try {
      const blob = await writeDraft(draft, content, options);
      return await this.#holding(blob.sha256, async () => {
        await record.note(blob);
        const path = this.#pathOf(blob.sha256);
        if (!(await exists(path))) {
          const made = await mkdir(dirname(path), { recursive: true, mode: 0o700 });
          await rename(draft, path);
          await syncDirectory(dirname(path));
          if (made !== undefined) await syncDirectory(this.#directory);
        }
        return await record.refer(blob);
      });
    } finally {
      await rm(draft, { force: true });
    }
  }

  /** The bytes, in pieces. A removal while they are being read does not cut them off. */
  async open(sha256: string): Promise<Readable> {
    try {
      const file = await open(this.#pathOf(sha256), "r");
      return file.createReadStream();
    } catch (cause) {
      throw new RunyardError("internal_error", `The bytes ${sha256} are not in the data directory.`, { cause });
    }
  }

  /**
   * Makes something refer to bytes that are stored, while nobody may remove them.
   * @returns what `refer` returned
   * @throws `file_not_found` when the bytes are gone
   */
  async keep<T>(sha256: string, refer: () => Promise<T>): Promise<T> {
    return this.#holding(sha256, async () => {
      if (!(await exists(this.#pathOf(sha256)))) {
        throw new RunyardError("file_not_found", "The file was deleted meanwhile. Upload it again.");
      }
      return refer();
    });
  }

  /**
   * Removes the bytes when `unreferenced` says so; it is asked while nobody can put them, and `forget` is called after
   * they are gone, so that a crash in between leaves a note of bytes rather than bytes without a note.
   */
  async remove(
    sha256: string,
    record: { unreferenced(): Promise<boolean>; forget(): Promise<void> },
  ): Promise<boolean> {
    return this.#holding(sha256, async () => {
      if (!(await record.unreferenced())) return false;
      await rm(this.#pathOf(sha256), { force: true });
      await record.forget();
      return true;
    });
  }

  async #holding<T>(sha256: string, work: () => Promise<T>): Promise<T> {
    const before = this.#holders.get(sha256) ?? Promise.resolve();
    const result = before.then(work);
    const settled = result.then(
      () => undefined,
      () => undefined,
    );
    this.#holders.set(sha256, settled);
    try {
      return await result;
    } finally {
      if (this.#holders.get(sha256) === settled) this.#holders.delete(sha256);
    }
  }

  #pathOf(sha256: string): string {
    if (!/^[0-9a-f]{64}$/.test(sha256)) throw new TypeError(`not a SHA-256 in hex: ${sha256}`);
    return join(this.#directory, sha256.slice(0, 2), sha256.slice(2));
  }
}

async function writeDraft(
  path: string,
  content: Readable,
  options: { maxBytes: number; signal?: AbortSignal },
): Promise<StoredBlob> {
  const stop = () => content.destroy(options.signal?.reason);
  const hash = createHash("sha256");
  let sizeBytes = 0;
  const file = await open(path, "wx", 0o600);
  try {
    options.signal?.throwIfAborted();
    options.signal?.addEventListener("abort", stop, { once: true });
    for await (const chunk of content) {
      const bytes = Buffer.from(chunk);
      sizeBytes += bytes.length;
      if (sizeBytes > options.maxBytes) {
        throw new RunyardError("body_too_large", `A file may have ${options.maxBytes} bytes; this one has more.`);
      }
      hash.update(bytes);
      await file.writeFile(bytes);
    }
    options.signal?.throwIfAborted();
    await file.sync();
  } finally {
    options.signal?.removeEventListener("abort", stop);
    content.destroy();
    await file.close();
  }
  return { sha256: hash.digest("hex"), sizeBytes };
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  await directory.sync().finally(() => directory.close());
}
