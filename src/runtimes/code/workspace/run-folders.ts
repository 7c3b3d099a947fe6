import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Id } from "../../../contract/ids.ts";

/** The working directory of one run. Give it up with `using`; it is removed in the background. */
export interface RunFolder extends Disposable {
  readonly path: string;
}

/** Working directories, `<directory>/runs/<execution>-<attempt>`; each is of one run only. */
export class RunFolders implements AsyncDisposable {
  readonly #directory: string;
  readonly #removals = new Set<Promise<void>>();

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** Removes what runs have left that died with the server. */
  static async open(directory: string): Promise<RunFolders> {
    const runs = join(directory, "runs");
    await rm(runs, { recursive: true, force: true });
    await mkdir(runs, { recursive: true, mode: 0o711 });
    return new RunFolders(runs);
  }

  async make(executionId: Id, attempt: number): Promise<RunFolder> {
    const path = join(this.#directory, `${executionId}-${attempt}`);
    await mkdir(path, { mode: 0o700 });
    return { path, [Symbol.dispose]: () => this.#remove(path) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#removals);
  }

  /** What cannot be removed now is removed at the next start. */
  #remove(path: string): void {
    const removal = rm(path, { recursive: true, force: true }).catch(() => undefined);
    this.#removals.add(removal);
    void removal.then(() => this.#removals.delete(removal));
  }
}
