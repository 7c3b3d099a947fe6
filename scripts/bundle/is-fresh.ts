import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** Whether a build is newer than everything that it was made from. */
export function isFresh(file: string): boolean {
  const built = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return built > newestChange(["src", "client/src", "package-lock.json"]);
}

function newestChange(paths: readonly string[]): number {
  let newest = 0;
  for (const path of paths) {
    const facts = statSync(path);
    newest = Math.max(newest, facts.mtimeMs);
    if (!facts.isDirectory()) continue;
    for (const entry of readdirSync(path, { recursive: true, withFileTypes: true })) {
      if (entry.name.endsWith(".test.ts") || entry.parentPath.endsWith("__fixtures__")) continue;
      newest = Math.max(newest, statSync(join(entry.parentPath, entry.name)).mtimeMs);
    }
  }
  return newest;
}
