import { cp, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { BundleStore } from "./bundle/bundle-store.ts";
import type { CodeParts } from "./code-parts.ts";
import { LayerStore } from "./layers/layer-store.ts";
import { RunFolders } from "./workspace/run-folders.ts";
import { Workspaces } from "./workspace/workspaces.ts";

/** What all runs of this process share. */
export interface CodeRuntime extends AsyncDisposable {
  readonly parts: CodeParts;
  readonly bundles: BundleStore;
  readonly layers: LayerStore;
  readonly workspaces: Workspaces;
  readonly runFolders: RunFolders;
  /** The folder of our own programs on this machine, for reading inside. */
  readonly runner: string;
}

/** Takes up bundles, layers and workspaces as they are on the disk, and removes what runs have left that died. */
export async function openCodeRuntime(parts: CodeParts): Promise<CodeRuntime> {
  const { directory, sandbox, outbound, settings, openBundle } = parts;
  await using owned = new AsyncDisposableStack();
  const bundles = owned.use(await BundleStore.open({ directory, keep: settings.keepBundles, openBundle, sandbox }));
  const layers = owned.use(
    await LayerStore.open({ directory, keep: settings.keepLayers, registries: settings, sandbox, outbound }),
  );
  const runFolders = owned.use(await RunFolders.open(directory));
  const runner = await copyRunner(directory);
  await sandbox.makeReadable(runner);
  const held = owned.move();
  return {
    parts,
    bundles,
    layers,
    workspaces: new Workspaces(directory, sandbox),
    runFolders,
    runner,
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

/** The sandbox's users may not be able to look where the server is installed. */
async function copyRunner(directory: string): Promise<string> {
  const source = join(dirname(fileURLToPath(import.meta.url)), "runner");
  const runner = join(directory, "runner");
  await rm(runner, { recursive: true, force: true });
  await cp(source, runner, { recursive: true, filter: (path) => /runner$|\.(?:py|mjs)$/.test(path) });
  return runner;
}
