import { rm } from "node:fs/promises";
import { rolldown } from "rolldown";

/** What is started by its file name, besides the chunks that these share. All lie side by side in the folder. */
const entries = {
  /** The server alone. */
  main: "src/main.ts",
  /** The command line. */
  runyard: "src/cli/main.ts",
  // Looked for beside the file that starts them.
  "database-thread": "src/store/dialects/sqlite/database-thread.ts",
  "inference-process": "src/models/local/inference-process.ts",
};

/**
 * Puts the server, the command line and the libraries that they use into few files, in an emptied `folder`: reading 1,200
 * files is two thirds of a start. What is imported late stays apart and is still read only when it is used.
 * @see docs/decisions/2026-11-22-the-build-is-a-bundle.md
 */
export async function bundleServer(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await using bundle = await rolldown({
    input: entries,
    platform: "node",
    // Binaries, which must be found where they were installed; the last one only by those who installed it themselves.
    external: [/^node-llama-cpp($|\/)/, "pg-native"],
    // `require` is how libraries look for each other; ours says so where it means the installed one.
    logLevel: "warn",
  });
  await bundle.write({ dir: folder, format: "esm", keepNames: true });
}
