import { cp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type InputOptions, rolldown } from "rolldown";
import { thirdPartyLicenses } from "./third-party-licenses.ts";

/** What goes into the bundle. */
export const bundleInput = {
  /** What is started by its file name, besides the chunks that these share. All lie side by side in the folder. */
  input: {
    /** The server alone. */
    main: "src/main.ts",
    /** The command line. */
    runyard: "src/cli/main.ts",
    // Looked for beside the file that starts them.
    "database-thread": "src/store/dialects/sqlite/database-thread.ts",
    "inference-process": "src/models/local/inference-process.ts",
  },
  platform: "node",
  // Binaries, which must be found where they were installed; the last one only by those who installed it themselves.
  external: [/^node-llama-cpp($|\/)/, "pg-native"],
  // `require` is how libraries look for each other; ours says so where it means the installed one.
  logLevel: "warn",
} satisfies InputOptions;

/**
 * Puts the server, the command line and the libraries that they use into few files, in an emptied `folder`: reading 1,200
 * files is two thirds of a start. What is imported late stays apart and is still read only when it is used. The licenses of
 * the libraries lie beside them.
 * @see docs/decisions/2026-11-22-the-build-is-a-bundle.md
 */
export async function bundleServer(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await using bundle = await rolldown(bundleInput);
  const { output } = await bundle.write({ dir: folder, format: "esm", keepNames: true });
  const moduleIds = output.flatMap((file) => (file.type === "chunk" ? file.moduleIds : []));
  await writeFile(join(folder, "THIRD-PARTY-LICENSES.txt"), await thirdPartyLicenses(moduleIds));
  // Programs that run in the sandbox beside the user's own.
  await cp("src/runtimes/code/runner", join(folder, "runner"), {
    recursive: true,
    filter: (path) => !path.includes("__pycache__"),
  });
}
