import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";

const maxSourceBytes = 1024 * 1024;
const skipped = new Set(["node_modules", "venv", "env", "__pycache__", "site-packages"]);

/** `import charm`, also in the middle of a list and below it, and `from charm… import`; a module of that start is another. */
const importOfCharm =
  /^[ \t]*(?:import[ \t]+(?:[\w. \t]+,[ \t]*)*charm(?![\w])|from[ \t]+charm(?:\.[\w.]+)?[ \t]+import\b)/m;

/** Whether Python code of a project imports the module `charm`, unless the project has a module of that name itself. */
export async function importsCharm(directory: string): Promise<boolean> {
  const top = await readdir(directory);
  if (top.includes("charm.py") || top.includes("charm")) return false;
  return searchFolder(directory);
}

async function searchFolder(directory: string): Promise<boolean> {
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) {
      if (!entry.name.startsWith(".") && !skipped.has(entry.name) && (await searchFolder(path))) return true;
    } else if (entry.isFile() && entry.name.endsWith(".py")) {
      const { size } = await stat(path);
      if (size <= maxSourceBytes && importOfCharm.test(await readFile(path, "utf8"))) return true;
    }
  }
  return false;
}
