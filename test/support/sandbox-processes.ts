import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

/** A process that sees a folder of the server in a mount namespace of its own. */
export interface SandboxProcess {
  pid: number;
  /** Its arguments, separated by spaces. */
  command: string;
  /** bubblewrap itself, before it has become a program or as the first process beside it. */
  isLauncher: boolean;
  /** `/proc/<pid>/mountinfo`: by the folders in it, one tells whose it is. */
  mounts: string;
}

/**
 * The processes on this machine that were started in sandboxes with a folder of this name mounted, launchers included. The
 * name must be one that nothing else has, such as `mkdtemp` makes.
 */
export function findSandboxProcesses(name: string): SandboxProcess[] {
  const own = readMounts("self");
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => {
      const mounts = readMounts(entry);
      if (!mounts.includes(name) || mounts === own) return [];
      const command = read(`/proc/${entry}/cmdline`).replaceAll("\0", " ").trim();
      // A zombie has neither mounts nor arguments any more.
      return command === "" ? [] : [{ pid: Number(entry), command, isLauncher: /^\S*bwrap /.test(command), mounts }];
    });
}

/**
 * The programs that still run so long after their server has died; a moment is theirs, because the kernel ends them one after
 * the other. A launcher that died between two of its steps may stay behind as an empty shell until the next server comes.
 */
export async function findSurvivors(name: string, withinMs = 3000): Promise<SandboxProcess[]> {
  const until = performance.now() + withinMs;
  for (;;) {
    const found = findSandboxProcesses(name).filter(({ isLauncher }) => !isLauncher);
    if (found.length === 0 || performance.now() > until) return found;
    await pause(20);
  }
}

function readMounts(pid: string): string {
  return read(`/proc/${pid}/mountinfo`);
}

/** Empty when the process has ended, or is none of ours to look at. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
