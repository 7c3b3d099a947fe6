import { readdirSync, readFileSync } from "node:fs";
import { readdir, readFile, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

/** One line of `/proc/self/mountinfo` that is about cgroups. */
export interface CgroupMount {
  version: 1 | 2;
  /** The cgroup that is seen at the mount point. */
  root: string;
  point: string;
  /** `memory`, `pids`, … of version 1. */
  controllers: readonly string[];
}

/** @see https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html */
export function parseCgroupMounts(mountInfo: string): CgroupMount[] {
  return mountInfo.split("\n").flatMap((line): CgroupMount[] => {
    const [before = "", after = ""] = line.split(" - ");
    const [, , , root = "/", point = ""] = before.split(" ");
    const [type, , options = ""] = after.split(" ");
    if (type === "cgroup") return [{ version: 1, root, point, controllers: options.split(",") }];
    if (type === "cgroup2") return [{ version: 2, root, point, controllers: [] }];
    return [];
  });
}

/**
 * The path of this process's own cgroup, from `/proc/self/cgroup`.
 * @param controller of version 1; undefined for version 2
 */
export function ownCgroup(text: string, controller: string | undefined): string | undefined {
  for (const line of text.split("\n")) {
    const [, controllers = "", ...path] = line.split(":");
    if (controller === undefined ? line.startsWith("0::") : controllers.split(",").includes(controller)) {
      return path.join(":");
    }
  }
  return undefined;
}

/** The folder of a cgroup under a mount that may show only a part of the tree. */
export function cgroupFolder(mount: CgroupMount, path: string): string {
  const below = mount.root !== "/" && path.startsWith(mount.root) ? path.slice(mount.root.length) : path;
  return join(mount.point, below);
}

let folders = 0;

/** A new name; it says which process among all that there ever were, so that a later one knows whether it still lives. */
export function ownFolderName(): string {
  folders += 1;
  return `runyard-${process.pid}-${startTime(readFileSync("/proc/self/stat", "utf8"))}-${folders}`;
}

/** Removes what killed servers left in `base` and in the cgroups beside it. */
export async function removeLeftovers(base: string): Promise<void> {
  const around = await readdir(dirname(base), { withFileTypes: true }).catch(() => []);
  const places = [base, ...around.filter((entry) => entry.isDirectory()).map(({ name }) => join(dirname(base), name))];
  for (const place of new Set(places)) {
    const names = await readdir(place).catch(() => []);
    for (const name of names) {
      const [, pid, started] = /^runyard-(\d+)-(\d+)-\d+$/.exec(name) ?? [];
      if (pid === undefined || started === undefined) continue;
      const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
      if (stat === undefined || startTime(stat) !== started) await removeTree(join(place, name));
    }
  }
}

/** Kills what runs in the group and removes it; gives up quietly after half a second, the next start tries again. */
export async function removeGroup(folder: string): Promise<void> {
  for (let tries = 0; tries < 50; tries += 1) {
    for (const pid of readProcesses(folder)) killQuietly(pid);
    try {
      await rmdir(folder);
      return;
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EBUSY")) return;
    }
    // The kernel lets go of a dead process's group a little after the process.
    await pause(10);
  }
}

export function readProcesses(folder: string): number[] {
  try {
    return readFileSync(join(folder, "cgroup.procs"), "utf8").split("\n").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

async function removeTree(folder: string): Promise<void> {
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.isDirectory()) await removeGroup(join(folder, entry.name));
    }
  } catch {
    return;
  }
  await removeGroup(folder);
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
}

/** Field 22; the name before it may hold spaces and brackets. */
function startTime(stat: string): string {
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "0";
}
