import { readFile, realpath, stat } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";
import { RunyardError } from "../../../contract/errors.ts";

/** The lock file of a large project has a few megabytes. */
const maxManifestBytes = 16 * 1024 * 1024;

/** The unpacked bundle, as far as its dependencies are concerned. */
export class ProjectFiles {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = resolve(directory);
  }

  /**
   * The text of a file, by its path below the project.
   * @returns undefined when there is none
   * @throws `preparation_failed` when it leads out of the project, or is too large
   */
  async read(path: string): Promise<string | undefined> {
    const absolute = resolve(this.#directory, path);
    if (!absolute.startsWith(this.#directory + sep)) throw leadsOut(path);
    let real: string;
    try {
      real = await realpath(absolute);
    } catch {
      return undefined;
    }
    if (!real.startsWith((await realpath(this.#directory)) + sep)) throw leadsOut(path);
    const found = await stat(real);
    if (!found.isFile()) return undefined;
    const { size } = found;
    if (size > maxManifestBytes) {
      throw new RunyardError("preparation_failed", `${path} has ${size} bytes; it may have ${maxManifestBytes}.`);
    }
    return readFile(real, "utf8");
  }

  /** The path below the project of a file that another file of it names. */
  beside(path: string, named: string): string {
    return relative(this.#directory, resolve(this.#directory, join(path, ".."), named));
  }
}

function leadsOut(path: string): RunyardError {
  return new RunyardError("preparation_failed", `${path} is not a file of the project; only such files can be named.`);
}
