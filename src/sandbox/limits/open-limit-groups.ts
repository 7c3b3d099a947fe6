import { readFile } from "node:fs/promises";
import { parseCgroupMounts } from "./cgroup-folder.ts";
import { openCgroupV1 } from "./cgroup-v1.ts";
import { openCgroupV2 } from "./cgroup-v2.ts";
import type { LimitGroups } from "./limit-group.ts";

/** Finds the cgroups that this process may divide; undefined when there are none, and only rlimits are left. */
export async function openLimitGroups(): Promise<LimitGroups | undefined> {
  try {
    const mounts = parseCgroupMounts(await readFile("/proc/self/mountinfo", "utf8"));
    const own = await readFile("/proc/self/cgroup", "utf8");
    return (await openCgroupV2(mounts, own)) ?? (await openCgroupV1(mounts, own));
  } catch {
    return undefined;
  }
}
