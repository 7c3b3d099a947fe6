import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { SandboxMount } from "../../../sandbox/sandbox.ts";
import { FolderCache, type FolderLease } from "../cache/folder-cache.ts";
import type { RegistrySettings } from "./find-registries.ts";
import { importsCharm } from "./imports-charm.ts";
import { createNodeInstaller, nodeModules } from "./install-node.ts";
import { createPythonInstaller, pythonPackages } from "./install-python.ts";
import type { Installer } from "./installer.ts";
import type { LayerPlan } from "./layer-plan.ts";
import { planNode } from "./plan-node.ts";
import { planPython } from "./plan-python.ts";
import { ProjectFiles } from "./project-files.ts";
import type { InstallerParts } from "./run-installer.ts";

export interface LayerStoreOptions extends InstallerParts {
  /** Layers lie under `<directory>/layers`. Under the sandbox's folder. */
  directory: string;
  /** So many stay when nobody uses them. */
  keep: number;
  registries: RegistrySettings;
}

/** An unpacked bundle, held by a lease for as long as its layers are being made. */
export interface LayeredProject {
  path: string;
  /** Of the bundle. */
  sha256: string;
  /** As the version names it. The code of a `node` agent is not searched for Python imports. */
  adapter: string;
}

/** What a project's dependencies are found in. They stay until this is given up, with `using`. */
export interface Layers extends Disposable {
  /** For reading, at the same place for every program; none without Python packages. */
  readonly mounts: readonly SandboxMount[];
  /** Variables that lead to them: `PYTHONPATH`. */
  readonly environment: Readonly<Record<string, string>>;
  /** Folders inside with the commands of Python packages, to be put in front of `PATH`. */
  readonly binFolders: readonly string[];
  /** The folder on this machine that is to be mounted, for reading, as `node_modules` beside the code. */
  readonly nodeModules: string | undefined;
}

/** Where Python packages are inside. */
const pythonLayerTarget = "/opt/layers/python";

/** Changes when a layer of the same plan would come out in another way. */
const layoutVersion = 1;
const maxKnownPlans = 1_000;

type Family = "python" | "node";

/** A plan without the manifests' text, which can be megabytes. */
interface KnownPlan {
  family: Family;
  manifest: string;
  /** Of everything that the project contributes to its key. */
  digest: string;
}

/** Dependencies of bundles, each set installed once, in the sandbox, whoever asks for it. */
export class LayerStore implements AsyncDisposable {
  readonly #cache: FolderCache;
  readonly #installers: Readonly<Record<Family, Installer>>;
  /** By bundle: a bundle never changes, and a warm run must not read its code again. */
  readonly #plans = new Map<string, readonly KnownPlan[]>();
  readonly #listeners = new Map<string, Set<(text: string) => void>>();

  private constructor(cache: FolderCache, installers: Readonly<Record<Family, Installer>>) {
    this.#cache = cache;
    this.#installers = installers;
  }

  /** Removes what was being installed when the process died. Asks nobody anything before a layer is wanted. */
  static async open(options: LayerStoreOptions): Promise<LayerStore> {
    const certificates = join(options.directory, "certificates");
    await mkdir(certificates, { recursive: true });
    await options.sandbox.makeReadable(certificates);
    const of = (family: Family) => ({ ...options, certificateFile: join(certificates, `${family}.pem`) });
    return new LayerStore(await FolderCache.open(join(options.directory, "layers"), options.keep), {
      python: createPythonInstaller(options, of("python")),
      node: createNodeInstaller(options, of("node")),
    });
  }

  /**
   * The layers of a project, installed when they are not there yet. Those who ask for the same at the same time share
   * one installation and its progress; it is stopped when none of them waits any more.
   *
   * @param options.onProgress gets a line now and then, without passwords
   * @throws `preparation_failed` with what failed and the installer's last lines; `sandbox_unavailable`; the signal's reason
   */
  async take(
    project: LayeredProject,
    options: { signal?: AbortSignal; onProgress?: (text: string) => void } = {},
  ): Promise<Layers> {
    using leases = new DisposableStack();
    const found: { family: Family; path: string }[] = [];
    for (const plan of await this.#plan(project)) {
      const lease = leases.use(await this.#takeOne(plan, project, options));
      found.push({ family: plan.family, path: lease.path });
    }
    const held = leases.move();
    const python = found.find(({ family }) => family === "python");
    const node = found.find(({ family }) => family === "node");
    return {
      mounts: python === undefined ? [] : [mountOf(python.path)],
      environment: python === undefined ? {} : { PYTHONPATH: pythonLayerTarget },
      binFolders: python === undefined ? [] : [`${pythonLayerTarget}/bin`],
      nodeModules: node === undefined ? undefined : join(node.path, nodeModules),
      [Symbol.dispose]: () => held.dispose(),
    };
  }

  /** Removes layers that nobody has used since then. @returns how many went */
  removeUnused(since: number): Promise<number> {
    return this.#cache.removeUnused(since);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cache[Symbol.asyncDispose]();
  }

  async #plan(project: LayeredProject): Promise<readonly KnownPlan[]> {
    const key = `${project.sha256} ${isNode(project) ? "node" : "python"}`;
    const known = this.#plans.get(key);
    if (known !== undefined) return known;
    const plans = [];
    for (const family of ["node", "python"] as const) {
      const plan = await planFamily(family, project);
      if (plan === undefined) continue;
      plans.push({ family, manifest: plan.manifest, digest: digestOf(plan, project.sha256) });
    }
    if (this.#plans.size === maxKnownPlans) this.#plans.clear();
    this.#plans.set(key, plans);
    return plans;
  }

  async #takeOne(
    { family, manifest, digest }: KnownPlan,
    project: LayeredProject,
    options: { signal?: AbortSignal; onProgress?: (text: string) => void },
  ): Promise<FolderLease> {
    const installer = this.#installers[family];
    const identity = await installer.identity();
    const key = hash([layoutVersion, family, digest, identity]);
    const listeners = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, listeners);
    const listener = (text: string) => options.onProgress?.(text);
    listeners.add(listener);
    const onProgress = (text: string) => listeners.forEach((tell) => tell(text));
    const make = async (draft: string, signal: AbortSignal) => {
      const plan = await planFamily(family, project);
      if (plan === undefined) throw new Error("the bundle has changed while it was in use");
      onProgress(`Installing what ${manifest} asks for`);
      await installer.install(plan, draft, { projectDirectory: project.path, signal, onProgress });
    };
    try {
      return await this.#cache.take(key, make, options.signal);
    } finally {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(key) === listeners) this.#listeners.delete(key);
    }
  }
}

async function planFamily(family: Family, project: LayeredProject): Promise<LayerPlan | undefined> {
  const files = new ProjectFiles(project.path);
  if (family === "node") return planNode(files);
  return planPython(files, !isNode(project) && (await importsCharm(project.path)));
}

function isNode({ adapter }: LayeredProject): boolean {
  return adapter === "node";
}

function mountOf(layer: string): SandboxMount {
  return { source: join(layer, pythonPackages), target: pythonLayerTarget, access: "read" };
}

function digestOf(plan: LayerPlan, bundleSha256: string): string {
  const files = [...plan.files].toSorted(([one], [other]) => (one < other ? -1 : 1));
  return hash([plan.wholeProject ? bundleSha256 : files, plan.wishes]);
}

function hash(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}
