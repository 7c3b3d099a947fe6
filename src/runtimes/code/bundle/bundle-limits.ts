/** What a bundle may be at most. Sizes in bytes. */
export interface BundleLimits {
  /** Of the archive as it comes. */
  compressedBytes: number;
  /** Of everything in it. */
  totalBytes: number;
  fileBytes: number;
  entries: number;
  /** Of one name, in bytes, and its folders, itself included. */
  pathBytes: number;
  depth: number;
  /** So many bytes may come out of one, once more than `ratioFromBytes` have. */
  ratio: number;
  ratioFromBytes: number;
}

const mebibyte = 1024 * 1024;

/** The size is that of the Charm command line, which refuses to push more. Text packs 3 to 20 times, zeros 1,000 times. */
export const defaultBundleLimits: BundleLimits = {
  compressedBytes: 50 * mebibyte,
  totalBytes: 1024 * mebibyte,
  fileBytes: 512 * mebibyte,
  entries: 20_000,
  pathBytes: 1024,
  depth: 32,
  ratio: 200,
  ratioFromBytes: 16 * mebibyte,
};
