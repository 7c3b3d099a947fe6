import { accessSync, constants, realpathSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Where programs are usually kept; the caller may name other places. */
export const defaultSearchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** @returns the path behind all links of the first executable file of that name; undefined when there is none */
export function findProgram(name: string, searchPath: string): string | undefined {
  for (const folder of searchPath.split(delimiter)) {
    const path = folder.startsWith("/") ? executable(join(folder, name)) : undefined;
    if (path !== undefined) return path;
  }
  return undefined;
}

/** @returns the path behind all links when it is a file that can be executed */
export function executable(path: string): string | undefined {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile() ? realpathSync(path) : undefined;
  } catch {
    return undefined;
  }
}
