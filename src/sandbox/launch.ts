import { type ChildProcess, spawn, type StdioOptions } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import { descriptors } from "./bubblewrap-arguments.ts";
import type { LimitGroup } from "./limits/limit-group.ts";
import type { SandboxLimits } from "./sandbox.ts";

/** What every start of a sandbox has in common. */
export interface Launcher {
  bubblewrap: string;
  /** Goes before it: enters the namespace with the mounts and gives up root's rights. */
  enter: readonly string[];
  /** A file with the system-call filter. */
  filter: string | undefined;
  /** Descriptors that this process was started with and would hand on; they are replaced by `/dev/null`. */
  inherited: readonly number[];
  /** Set before a program runs when no cgroup holds the number of processes. */
  prlimit: string | undefined;
}

export interface Launch {
  child: ChildProcess;
  stdin: Writable | undefined;
  stdout: Readable;
  stderr: Readable;
  /** One JSON object a line. */
  status: Readable;
}

/**
 * Starts bubblewrap: a shell joins the cgroups, sets the limits of a process, and becomes nsenter, which becomes bubblewrap;
 * so one process is started, with an empty environment and only the descriptors that are listed here.
 *
 * @param bubblewrapArguments all but the command
 * @param hand whether the program is given a channel to hand over a socket on
 */
export function launch(
  launcher: Launcher,
  bubblewrapArguments: string,
  command: readonly string[],
  options: { limits: SandboxLimits; group: LimitGroup | undefined; stdin: boolean; hand: boolean },
): Launch {
  const { limits, group } = options;
  // With cgroups it holds for the tree; the limit of a user would count the programs of all sandboxes together.
  const held =
    group === undefined && launcher.prlimit !== undefined
      ? [launcher.prlimit, `--nproc=${limits.processes}:${limits.processes}`, "--", ...command]
      : command;
  const filter = launcher.filter === undefined ? undefined : openSync(launcher.filter, "r");
  const nothing = openSync("/dev/null", "r");
  const stdio: Extract<StdioOptions, readonly unknown[]> = Array.from(
    { length: Math.max(descriptors.hand, ...launcher.inherited) + 1 },
    () => "ignore",
  );
  stdio.splice(0, 3, options.stdin ? "pipe" : "ignore", "pipe", "pipe");
  stdio[descriptors.arguments] = "pipe";
  stdio[descriptors.status] = "pipe";
  stdio[descriptors.filter] = filter ?? "ignore";
  for (const descriptor of launcher.inherited) stdio[descriptor] = nothing;
  if (options.hand) stdio[descriptors.hand] = "ipc";
  try {
    const child = spawn(
      "/bin/sh",
      [
        "-c",
        prologue(limits, group),
        "sh",
        ...launcher.enter,
        launcher.bubblewrap,
        "--args",
        String(descriptors.arguments),
        "--",
        ...held,
      ],
      { stdio, env: {}, cwd: "/", detached: true },
    );
    // A shell that could not start has no pipes; the child says so by its event `error`.
    child.stdin?.on("error", () => undefined);
    const told = child.stdio[descriptors.arguments];
    if (told !== null && told !== undefined && "end" in told) {
      told.on("error", () => undefined);
      told.end(bubblewrapArguments);
    }
    return {
      child,
      stdin: child.stdin ?? undefined,
      stdout: readable(child.stdout),
      stderr: readable(child.stderr),
      status: readable(child.stdio[descriptors.status]),
    };
  } finally {
    closeSync(nothing);
    if (filter !== undefined) closeSync(filter);
  }
}

/** What an interpreter such as V8 takes into account without ever using it; a watch looks after the rest. */
const reservedBytes = 2 ** 30;

/** Limits that are lower already stay as they are: only root may raise them. */
function prologue(limits: SandboxLimits, group: LimitGroup | undefined): string {
  const joins = (group?.joinFiles ?? []).map((file) => `echo $$ >'${file.replaceAll("'", "'\\''")}' || exit 125`);
  // Programs go first when the machine's memory runs out. With CAP_SYS_RESOURCE it is also the least they may set.
  const first = "echo 500 2>/dev/null >/proc/self/oom_score_adj || :";
  const memory = group === undefined ? [`ulimit -d ${Math.ceil((limits.memoryBytes + reservedBytes) / 1024)}`] : [];
  const rlimits = [
    "ulimit -c 0",
    `ulimit -n ${limits.openFiles}`,
    // In blocks of 512 bytes.
    `ulimit -f ${Math.ceil(limits.diskBytes / 512)}`,
    // First a signal that says why, a second later the one that cannot be ignored.
    `ulimit -S -t ${Math.ceil(limits.cpuSeconds)}`,
    `ulimit -H -t ${Math.ceil(limits.cpuSeconds) + 1}`,
    ...memory,
  ].map((command) => `${command} 2>/dev/null || :`);
  return [...joins, first, ...rlimits, "umask 022", 'exec "$@"'].join("\n");
}

function readable(stream: Readable | Writable | null | undefined): Readable {
  if (stream !== null && stream !== undefined && "read" in stream) return stream;
  throw new Error("A pipe of the launcher is missing.");
}
