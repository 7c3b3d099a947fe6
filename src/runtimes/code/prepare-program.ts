import { access } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { CodeDefinition } from "../../contract/agent.ts";
import { RunyardError } from "../../contract/errors.ts";
import type { SandboxMount } from "../../sandbox/sandbox.ts";
import { type Adapter, adapterOf } from "./adapters.ts";
import type { CodeRun } from "./code-parts.ts";
import type { CodeRuntime } from "./open-code-runtime.ts";
import { ProjectFiles } from "./layers/project-files.ts";

/** Where things are inside. */
export const insidePaths = {
  /** Working directory of a run: a copy of the bundle that the program may change. */
  work: "/app",
  bundle: "/opt/bundle",
  /** What we put into the working directory besides. */
  given: "/opt/given",
  runner: "/opt/runner",
  nodeModules: "/node_modules",
} as const;

/** A version that is ready to run, for as long as this is not given up. */
export interface PreparedProgram extends Disposable {
  readonly adapter: Adapter;
  /** `module:attribute`, or a shell command. */
  readonly entryPoint: string | undefined;
  /** Run by the `charm` command of its own dependencies. */
  readonly throughCharm: boolean;
  /** The unpacked bundle on this machine. */
  readonly bundle: string;
  /** For reading: bundle, dependencies, our runner. */
  readonly mounts: readonly SandboxMount[];
  /** `PATH`, and what leads to dependencies. */
  readonly environment: Readonly<Record<string, string>>;
  /** Folders inside that Python modules are imported from, besides the working directory. */
  readonly pythonPaths: readonly string[];
}

/**
 * Makes a version ready: bundle unpacked, dependencies installed. Can be repeated; what is there is taken as it is.
 * @throws RunyardError `sandbox_unavailable`, `bundle_missing`, `bundle_invalid`, `preparation_failed`; the signal's reason
 */
export async function prepareProgram(
  runtime: CodeRuntime,
  definition: CodeDefinition,
  run: Pick<CodeRun, "adapter">,
  options: { signal?: AbortSignal; onStatus?: (text: string) => void } = {},
): Promise<PreparedProgram> {
  const { sandbox } = runtime.parts;
  if (sandbox.problem !== undefined) throw new RunyardError("sandbox_unavailable", sandbox.problem);
  if (definition.bundle === undefined) {
    throw new RunyardError("bundle_missing", "The version has no bundle. Push one, and name it in the version.");
  }
  const adapter = adapterOf(definition, run);
  const interpreter = adapter.family === "python" ? "python3" : "node";
  if (!sandbox.tools.some(({ name, source }) => name === interpreter && source !== undefined)) {
    throw new RunyardError("preparation_failed", `The adapter "${adapter.name}" needs ${interpreter}; install it.`);
  }
  options.onStatus?.("Preparing sandbox");
  using held = new DisposableStack();
  const { sha256 } = definition.bundle;
  const bundle = held.use(await runtime.bundles.take(sha256, options.signal));
  const layers = held.use(
    await runtime.layers.take(
      { path: bundle.path, sha256, adapter: adapter.name },
      { signal: options.signal, onProgress: options.onStatus },
    ),
  );
  const entryPoint = await checkedEntryPoint(adapter, definition.entryPoint, bundle.path);
  const binFolders = [
    ...(layers.nodeModules === undefined ? [] : [`${insidePaths.nodeModules}/.bin`]),
    ...layers.binFolders,
  ];
  const pythonPath = layers.environment["PYTHONPATH"];
  const leases = held.move();
  return {
    adapter,
    entryPoint,
    throughCharm: await isRunByCharm(adapter, definition, bundle.path, layers.mounts),
    bundle: bundle.path,
    mounts: [
      { source: bundle.path, target: insidePaths.bundle, access: "read" },
      { source: runtime.runner, target: insidePaths.runner, access: "read" },
      ...layers.mounts,
      ...(layers.nodeModules === undefined
        ? []
        : [{ source: layers.nodeModules, target: insidePaths.nodeModules, access: "read" as const }]),
    ],
    environment: {
      ...layers.environment,
      PATH: [...binFolders, sandbox.path].join(":"),
      PYTHONPATH: [insidePaths.work, ...(pythonPath === undefined ? [] : [pythonPath])].join(":"),
    },
    pythonPaths: pythonPath === undefined ? [] : [pythonPath],
    [Symbol.dispose]: () => leases.dispose(),
  };
}

/** The dependencies hold the public package, and its command can find out by itself what to run. */
async function isRunByCharm(
  adapter: Adapter,
  definition: CodeDefinition,
  bundle: string,
  layers: readonly SandboxMount[],
): Promise<boolean> {
  if (adapter.family !== "python" || layers.length === 0) return false;
  // The command goes by the manifest, so a run that asks for another adapter is ours.
  if (adapter.name !== definition.adapter) return false;
  const wanted = [join(bundle, "charm.yaml"), ...layers.map(({ source }) => join(source, "charm", "cli", "app.py"))];
  const found = await Promise.all(
    wanted.map((path) =>
      access(path).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.every(Boolean);
}

const scriptsSchema = z.object({ scripts: z.object({ start: z.string() }) });

/** Without an entry point a Node program is what `npm start` starts, whose own complaints we keep from the output. */
async function checkedEntryPoint(
  adapter: Adapter,
  entryPoint: string | undefined,
  bundle: string,
): Promise<string | undefined> {
  if (adapter.family !== "node") {
    if (entryPoint !== undefined && entryPoint !== "") return entryPoint;
    throw new RunyardError("preparation_failed", "The version names no entry point; expected `module:attribute`.");
  }
  const command = entryPoint === undefined || entryPoint.trim() === "" ? "npm start" : entryPoint;
  if (command.trim() !== "npm start") return command;
  const files = new ProjectFiles(bundle);
  const manifest = await files.read("package.json");
  if (manifest !== undefined && hasStartScript(manifest)) return command;
  if ((await files.read("server.js")) !== undefined) return command;
  throw new RunyardError(
    "preparation_failed",
    'The version would be started by `npm start`, and its package.json has no script "start".',
  );
}

function hasStartScript(manifest: string): boolean {
  try {
    return scriptsSchema.safeParse(JSON.parse(manifest)).success;
  } catch {
    return false;
  }
}
