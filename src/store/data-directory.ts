import { accessSync, constants, mkdirSync } from "node:fs";

/**
 * Makes the data directory, for its owner only, when it is not there.
 * @throws Error with words for the operator when it cannot be made or written
 */
export function prepareDataDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    const why = reasons[code] ?? (cause instanceof Error ? cause.message : String(cause));
    throw new Error(`The data directory ${path} cannot be used: ${why}. Choose another one (RUNYARD_DATA_DIR).`, {
      cause,
    });
  }
}

const reasons: Record<string, string | undefined> = {
  EEXIST: "something that is no directory has its name",
  ENOTDIR: "something on the way to it is no directory",
  EACCES: "this user may not write there",
  EPERM: "this user may not write there",
  EROFS: "the file system is read-only",
  // What Node says of a directory that cannot be made on a read-only file system.
  ENOENT: "it cannot be made there",
  ENOSPC: "the disk is full",
};
