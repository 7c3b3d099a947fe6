import { accessSync, constants } from "node:fs";
import { chmod, mkdir, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { RunyardError } from "../contract/errors.ts";
import { bubblewrapArguments, type CommonArguments } from "./bubblewrap-arguments.ts";
import { defaultSearchPath, executable, findProgram } from "./find-program.ts";
import { inheritedDescriptors } from "./inherited-descriptors.ts";
import { launch, type Launcher } from "./launch.ts";
import type { LimitGroups } from "./limits/limit-group.ts";
import { openLimitGroups } from "./limits/open-limit-groups.ts";
import { handOverCommand, proxyEnvironment, takeListener } from "./network/hand-over.ts";
import { serveProxy } from "./network/serve-proxy.ts";
import { giveTo, makeReachable, openForReading } from "./program-folder.ts";
import type { Sandbox, SandboxedProcess, SandboxOptions } from "./sandbox.ts";
import { compileSeccompFilter } from "./seccomp-filter.ts";
import { openStaging, type Staging } from "./staging.ts";
import { supervise } from "./supervise.ts";
import { systemFolders, writeSystemFiles } from "./system-files.ts";
import { findToolchain, type Toolchain, toolPath } from "./toolchain.ts";

export interface CreateSandboxOptions {
  /** Of one process alone. Whatever is mounted lies in it; nobody but the server needs to have access. */
  folder: string;
  /** Where programs are looked for, as in `PATH`. */
  searchPath?: string;
  bubblewrapPath?: string;
  /** Default: the Node that runs this. */
  nodePath?: string;
  npmPath?: string;
  pythonPath?: string;
  uvPath?: string;
  /** User and group that programs have outside when the server is root; needs no entry anywhere. Default 61184. */
  uid?: number;
}

/**
 * Prepares all that starts have in common, tries it out once, and says by `problem` whether programs can be run. There is
 * no other way to run them.
 */
export async function createSandbox(options: CreateSandboxOptions): Promise<Sandbox> {
  const folder = resolve(options.folder);
  const searchPath = options.searchPath ?? defaultSearchPath;
  const toolchain = await findToolchain({
    ...options,
    searchPath,
    nodePath: options.nodePath ?? process.execPath,
  });
  const bubblewrap =
    options.bubblewrapPath === undefined ? findProgram("bwrap", searchPath) : executable(options.bubblewrapPath);
  if (process.platform !== "linux") return unusable(toolchain, "Code runs on Linux only, in namespaces of its kernel.");
  if (bubblewrap === undefined) {
    return unusable(
      toolchain,
      "bubblewrap is not installed. Install the package `bubblewrap` with your system's tool.",
    );
  }
  await using owned = new AsyncDisposableStack();
  const isRoot = process.getuid?.() === 0;
  const uid = isRoot ? (options.uid ?? 61_184) : undefined;
  // Not beside what is mounted for writing: programs must not change it.
  const own = join(folder, ".system");
  await mkdir(own, { recursive: true });
  // It can be passed through by who gets as far as this; the folders above it are as they were.
  for (const path of [folder, own]) await chmod(path, 0o711);
  await writeSystemFiles(join(own, "etc"));
  const filter = await writeFilter(own);
  let staging: Staging | undefined;
  if (uid !== undefined) {
    try {
      staging = owned.use(await openStaging([folder, ...toolchain.mounts.map(({ source }) => source)]));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return unusable(
        toolchain,
        `The server runs as root but may not make mounts (${reason}). Run it as an ordinary user, or give it CAP_SYS_ADMIN.`,
      );
    }
  }
  const groups = await openLimitGroups();
  if (groups !== undefined) owned.use(groups);
  const locate = (path: string) => staging?.locate(resolve(path)) ?? resolve(path);
  const sandbox = new BubblewrapSandbox({
    folder,
    uid,
    toolchain,
    groups,
    launcher: {
      bubblewrap,
      enter: uid === undefined ? [] : (staging?.enter(uid) ?? []),
      filter,
      inherited: inheritedDescriptors(),
      prlimit: findProgram("prlimit", defaultSearchPath),
    },
    common: {
      locate,
      filtered: filter !== undefined,
      system: systemArguments(toolchain, join(own, "etc"), locate),
    },
    owned: owned.move(),
  });
  const reason = await tryOut(sandbox);
  if (reason === undefined) return sandbox;
  await sandbox[Symbol.asyncDispose]();
  return unusable(toolchain, reason);
}

interface Parts {
  folder: string;
  uid: number | undefined;
  toolchain: Toolchain;
  groups: LimitGroups | undefined;
  launcher: Launcher;
  common: CommonArguments;
  owned: AsyncDisposableStack;
}

class BubblewrapSandbox implements Sandbox {
  readonly problem = undefined;
  readonly path = toolPath;
  readonly #parts: Parts;
  readonly #running = new Set<SandboxedProcess>();
  readonly #releasing = new Set<Promise<void>>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get limitsBy(): Sandbox["limitsBy"] {
    return this.#parts.groups?.kind ?? "rlimits";
  }

  get tools(): Sandbox["tools"] {
    return this.#parts.toolchain.tools;
  }

  async start(options: SandboxOptions): Promise<SandboxedProcess> {
    const { launcher, common, groups } = this.#parts;
    const { limits, network, signal } = options;
    signal?.throwIfAborted();
    const environment = {
      PATH: toolPath,
      ...options.environment,
      ...(network === undefined ? {} : proxyEnvironment()),
    };
    const told = bubblewrapArguments(common, { ...options, environment });
    const command = network === undefined ? options.command : handOverCommand(this.#python(), options.command);
    if (options.command.length === 0 || command.some((word) => word.includes("\0"))) {
      throw new RunyardError("invalid_field_value", "A command needs at least one word, and none may hold a NUL.");
    }
    await using preparing = new AsyncDisposableStack();
    const group = groups?.create(limits);
    if (group !== undefined) preparing.defer(() => group.remove());
    const started = launch(launcher, told, command, {
      limits,
      group,
      stdin: options.stdin === "pipe",
      hand: network !== undefined,
    });
    const owned = preparing.move();
    if (network !== undefined) {
      takeListener(started.child, (listener) => {
        if (owned.disposed) listener.close();
        else owned.use(serveProxy(listener, network));
      });
    }
    const process = supervise(started, {
      limits,
      group,
      folders: options.mounts.filter(({ access }) => access === "write").map(({ source }) => source),
      signal,
      // The kernel takes its time to let go of a cgroup.
      release: () => this.#release(owned),
    });
    this.#running.add(process);
    void process.exited.then(() => this.#running.delete(process));
    return process;
  }

  async makeWritable(path: string): Promise<void> {
    const { folder, uid } = this.#parts;
    await makeReachable(folder, resolve(path));
    if (uid !== undefined) await giveTo(uid, path);
  }

  async makeReadable(path: string): Promise<void> {
    const { folder, uid } = this.#parts;
    await makeReachable(folder, resolve(path));
    if (uid !== undefined) await openForReading(path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const running = [...this.#running];
    for (const process of running) process.kill();
    await Promise.all(running.map(({ exited }) => exited));
    await Promise.all(this.#releasing);
    await this.#parts.owned.disposeAsync();
  }

  #release(owned: AsyncDisposableStack): void {
    const released = owned
      .disposeAsync()
      .catch(() => undefined)
      .finally(() => this.#releasing.delete(released));
    this.#releasing.add(released);
  }

  /** The name that the links of the toolchain give it. */
  #python(): string {
    if (this.tools.some(({ name, source }) => name === "python3" && source !== undefined)) return "python3";
    throw new RunyardError(
      "sandbox_unavailable",
      "A program with network access needs Python on this machine, which there is none of. Install python3.",
    );
  }
}

function systemArguments(toolchain: Toolchain, etc: string, locate: (path: string) => string): string[] {
  return [
    ["--ro-bind", "/usr", "/usr"],
    systemFolders(),
    ["--ro-bind", locate(etc), "/etc"],
    ...toolchain.mounts.map(({ source, target }) => ["--ro-bind", locate(source), target]),
    ...toolchain.links.map(({ target, path }) => ["--symlink", target, path]),
  ].flat();
}

async function writeFilter(folder: string): Promise<string | undefined> {
  const filter = compileSeccompFilter(process.arch);
  if (filter === undefined) return undefined;
  const path = join(folder, "system-calls.bpf");
  await rm(path, { force: true });
  await writeFile(path, filter, { mode: 0o400 });
  return path;
}

/** Runs a program that does nothing. @returns what keeps it from running, and what to do about it */
async function tryOut(sandbox: Sandbox): Promise<string | undefined> {
  const process = await sandbox.start({
    command: ["true"],
    workingDirectory: "/",
    environment: {},
    mounts: [],
    limits: {
      wallMs: 10_000,
      cpuSeconds: 5,
      memoryBytes: 268_435_456,
      processes: 8,
      openFiles: 64,
      diskBytes: 1_048_576,
      outputBytes: 65_536,
    },
  });
  process.stdout.resume();
  process.stderr.resume();
  const exit = await process.exited;
  if (exit.reason === "exited" && exit.exitCode === 0) return undefined;
  const said = exit.message ?? `exit code ${exit.exitCode}`;
  return `A program in the sandbox cannot be run. ${said}. ${namespaceHint()}`;
}

/** Where the usual reason is found out and what changes it. */
function namespaceHint(): string {
  const apparmor = "/proc/sys/kernel/apparmor_restrict_unprivileged_userns";
  try {
    accessSync(apparmor, constants.R_OK);
    return "Unprivileged user namespaces may be restricted: give bwrap an AppArmor profile with `userns`, or set kernel.apparmor_restrict_unprivileged_userns=0.";
  } catch {
    return "Unprivileged user namespaces must be allowed: see kernel.unprivileged_userns_clone and user.max_user_namespaces; in a container, its seccomp profile.";
  }
}

function unusable(toolchain: Toolchain, problem: string): Sandbox {
  const refuse = () => Promise.reject(new RunyardError("sandbox_unavailable", problem));
  return {
    problem,
    limitsBy: "rlimits",
    tools: toolchain.tools,
    path: toolPath,
    start: refuse,
    makeWritable: async (path) => void (await mkdir(path, { recursive: true })),
    makeReadable: async (path) => void (await mkdir(path, { recursive: true })),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
