import { mkdirSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";

/**
 * Keeps compiled code between starts, in `<cache dir>/runyard/compiled` of this user: it halves the start from source.
 * Call it before anything else is loaded; what cannot be written is only slower.
 *
 * The system's default is a folder in the shared temporary directory, where another user of the machine could put code
 * that we would run.
 * @see https://nodejs.org/api/module.html#module-compile-cache
 */
export function keepCompiledCode(environment: Readonly<Record<string, string | undefined>>): void {
  const given = environment.XDG_CACHE_HOME;
  const directory = given === undefined || given === "" ? join(environment.HOME ?? homedir(), ".cache") : given;
  const folders = [directory, join(directory, "runyard"), join(directory, "runyard", "compiled")];
  if (folders.every(isThere)) enableCompileCache(folders.at(-1));
}

/**
 * Makes a folder in one that is there. Node's own way to make the whole path goes round for ever where a file system says
 * of a new folder that there is no such place, as /proc does, which is the home of some service users.
 */
function isThere(folder: string): boolean {
  try {
    mkdirSync(folder, { mode: 0o700 });
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EEXIST";
  }
}
