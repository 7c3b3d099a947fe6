import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
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

const controllers = ["memory", "pids", "cpuacct"] as const;

/** @returns undefined when one of the three controllers is missing or cannot be written. */
export async function openCgroupV1(mounts: readonly CgroupMount[], own: string): Promise<LimitGroups | undefined> {
  const name = ownFolderName();
  const bases: Record<string, string> = {};
  try {
    for (const controller of controllers) {
      const mount = mounts.find((one) => one.version === 1 && one.controllers.includes(controller));
      const path = ownCgroup(own, controller);
      if (mount === undefined || path === undefined) return undefined;
      const base = cgroupFolder(mount, path);
      await removeLeftovers(base);
      bases[controller] = join(base, name);
      mkdirSync(bases[controller], { recursive: true });
    }
  } catch {
    await Promise.all(Object.values(bases).map(removeGroup));
    return undefined;
  }
  const folders = new Set(Object.values(bases));
  let count = 0;
  return {
    kind: "cgroup-v1",
    create(limits) {
      count += 1;
      return createGroup((controller) => join(bases[controller] ?? "", String(count)), limits);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...folders].map(removeGroup));
    },
  };
}

function createGroup(folderOf: (controller: string) => string, limits: SandboxLimits): LimitGroup {
  const folders = [...new Set(controllers.map(folderOf))];
  for (const folder of folders) mkdirSync(folder);
  const memory = folderOf("memory");
  writeFileSync(join(memory, "memory.limit_in_bytes"), String(limits.memoryBytes));
  // Memory and swap together; only there when the kernel keeps account of swap.
  const withSwap = join(memory, "memory.memsw.limit_in_bytes");
  if (existsSync(withSwap)) writeFileSync(withSwap, String(limits.memoryBytes));
  writeFileSync(join(folderOf("pids"), "pids.max"), String(limits.processes + launcherProcesses));
  const usage = join(folderOf("cpuacct"), "cpuacct.usage");
  const kills = join(memory, "memory.oom_control");
  return {
    joinFiles: folders.map((folder) => join(folder, "cgroup.procs")),
    cpuMs: () => Number(readFileSync(usage, "utf8")) / 1e6,
    memoryKills: () => Number(/^oom_kill (\d+)$/m.exec(readFileSync(kills, "utf8"))?.[1] ?? 0),
    processes: () => readProcesses(memory),
    async remove() {
      await Promise.all(folders.map(removeGroup));
    },
  };
}
