import { execFile } from "node:child_process";
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

/** Apart from `dist`, so that measuring does not disturb what someone has built there. Git ignores it. */
const folder = ".runyard-test/bench-build";
const compiler = "node_modules/typescript/bin/tsc";

/**
 * Compiles the server as `npm run build` does, unless nothing changed since the last time.
 * @returns the file that starts it
 */
export async function buildServer(): Promise<string> {
  const main = join(folder, "src/main.js");
  const built = await stat(main).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
  if (built < (await newestChange(["src", "client/src"]))) {
    await rm(folder, { recursive: true, force: true });
    await promisify(execFile)(process.execPath, [compiler, "-p", "tsconfig.build.json", "--outDir", folder]);
  }
  return main;
}

async function newestChange(folders: readonly string[]): Promise<number> {
  let newest = 0;
  for (const folder of folders) {
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || entry.name.endsWith(".test.ts")) continue;
      const { mtimeMs } = await stat(join(entry.parentPath, entry.name));
      newest = Math.max(newest, mtimeMs);
    }
  }
  return newest;
}
