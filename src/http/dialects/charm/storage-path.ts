/** Where a bundle is, in the words of the Store API. */
export function storagePathOf(uploadId: string): string {
  return `uploads/${uploadId}.tar.gz`;
}

/** @returns text that is no upload's id where the path is none of ours */
export function uploadIdOf(storagePath: string): string {
  return /^uploads\/([^/]+)\.tar\.gz$/.exec(storagePath)?.[1] ?? "";
}
