import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SandboxLimits } from "../sandbox.ts";
import {
  cgroupFolder,
  type CgroupMount,
  ownCgroup,
  ownFolderName,
  readProcesses,
  removeGroup,
  removeLeftovers,
} from "./cgroup-folder.ts";
import { launcherProcesses, type LimitGroup, type LimitGroups } from "./limit-group.ts";

/**
 * @returns undefined when the cgroup of this process has no memory and pids controllers to hand on, or may not be
 *   divided: it must be the server's own, as with `Delegate=yes` in a systemd unit.
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#no-internal-process-constraint
 */
export async function openCgroupV2(mounts: readonly CgroupMount[], own: string): Promise<LimitGroups | undefined> {
  const mount = mounts.find(({ version }) => version === 2);
  const path = ownCgroup(own, undefined);
  if (mount === undefined || path === undefined) return undefined;
  const base = cgroupFolder(mount, path).replace(/\/runyard-server$/, "");
  const folder = join(base, ownFolderName());
  try {
    const offered = readFileSync(join(base, "cgroup.controllers"), "utf8").trim().split(" ");
    if (!["memory", "pids"].every((controller) => offered.includes(controller))) return undefined;
    await removeLeftovers(base);
    handOn(base);
    mkdirSync(folder);
    writeFileSync(join(folder, "cgroup.subtree_control"), "+memory +pids");
  } catch {
    await removeGroup(folder);
    return undefined;
  }
  let count = 0;
  return {
    kind: "cgroup-v2",
    create(limits) {
      count += 1;
      return createGroup(join(folder, String(count)), limits);
    },
    async [Symbol.asyncDispose]() {
      await removeGroup(folder);
    },
  };
}

/** Only a group without processes of its own hands controllers on; the server moves into one below when it is alone. */
function handOn(base: string): void {
  const control = join(base, "cgroup.subtree_control");
  try {
    writeFileSync(control, "+memory +pids");
  } catch (error) {
    const alone = readProcesses(base).every((pid) => pid === process.pid);
    if (!alone) throw error;
    const server = join(base, "runyard-server");
    mkdirSync(server, { recursive: true });
    writeFileSync(join(server, "cgroup.procs"), String(process.pid));
    writeFileSync(control, "+memory +pids");
  }
}

function createGroup(folder: string, limits: SandboxLimits): LimitGroup {
  mkdirSync(folder);
  writeFileSync(join(folder, "memory.max"), String(limits.memoryBytes));
  writeFileSync(join(folder, "pids.max"), String(limits.processes + launcherProcesses));
  for (const [file, value] of [
    ["memory.swap.max", "0"],
    ["memory.oom.group", "1"],
  ] as const) {
    try {
      writeFileSync(join(folder, file), value);
    } catch {
      // Not on every kernel; the limit holds without it.
    }
  }
  const read = (file: string, name: string) =>
    Number(new RegExp(`^${name} (\\d+)$`, "m").exec(readFileSync(join(folder, file), "utf8"))?.[1] ?? 0);
  return {
    joinFiles: [join(folder, "cgroup.procs")],
    cpuMs: () => read("cpu.stat", "usage_usec") / 1000,
    memoryKills: () => read("memory.events", "oom_kill"),
    processes: () => readProcesses(folder),
    remove: () => removeGroup(folder),
  };
}
