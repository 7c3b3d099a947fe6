import { join } from "node:path";
import type { Readable } from "node:stream";
import type { Sandbox } from "../../../sandbox/sandbox.ts";
import { FolderCache, type FolderLease } from "../cache/folder-cache.ts";
import { unpackBundle } from "./unpack-bundle.ts";

export interface BundleStoreOptions {
  /** Bundles lie under `<directory>/bundles`. */
  directory: string;
  /** So many stay when nobody uses them. */
  keep: number;
  openBundle(sha256: string): Promise<Readable>;
  sandbox: Pick<Sandbox, "makeReadable">;
}

/** Bundles as folders, each unpacked once, for programs to read. */
export class BundleStore implements AsyncDisposable {
  readonly #options: BundleStoreOptions;
  readonly #cache: FolderCache;

  private constructor(options: BundleStoreOptions, cache: FolderCache) {
    this.#options = options;
    this.#cache = cache;
  }

  static async open(options: BundleStoreOptions): Promise<BundleStore> {
    return new BundleStore(options, await FolderCache.open(join(options.directory, "bundles"), options.keep));
  }

  /**
   * The unpacked bundle; to be mounted for reading, or copied. It stays until the lease is given up.
   *
   * @param sha256 of the gzip tarball, lower-case hex
   * @throws `bundle_invalid`; what `openBundle` threw; the signal's reason
   */
  async take(sha256: string, signal?: AbortSignal): Promise<FolderLease> {
    return this.#cache.take(sha256, (draft, stopped) => this.#unpack(sha256, draft, stopped), signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cache[Symbol.asyncDispose]();
  }

  async #unpack(sha256: string, draft: string, signal: AbortSignal): Promise<void> {
    const content = await this.#options.openBundle(sha256);
    await unpackBundle(content, draft, { sha256, signal });
    await this.#options.sandbox.makeReadable(draft);
  }
}
