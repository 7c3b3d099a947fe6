import type { SandboxLimits } from "../sandbox.ts";

/** The kernel's account of one tree of processes, which it holds to limits. */
export interface LimitGroup {
  /** Whoever writes its process id into all of these is in the group, and so is whatever it starts. */
  readonly joinFiles: readonly string[];
  /** Processor time of the whole tree, the dead included, in milliseconds. */
  cpuMs(): number;
  /** How many of its processes the kernel has killed because memory was used up. */
  memoryKills(): number;
  /** Ids of the processes in it. */
  processes(): number[];
  /** Gives the group up; whatever still runs in it is killed. */
  remove(): Promise<void>;
}

/** Makes groups, under a folder of this process. */
export interface LimitGroups extends AsyncDisposable {
  readonly kind: "cgroup-v1" | "cgroup-v2";
  create(limits: SandboxLimits): LimitGroup;
}

/** What the launcher adds to the processes of a program: its monitor and the first process of its namespace. */
export const launcherProcesses = 2;
