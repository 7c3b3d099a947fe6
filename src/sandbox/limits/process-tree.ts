import { readdirSync, readFileSync } from "node:fs";
import type { LimitGroup } from "./limit-group.ts";

/** What is known of a tree of processes, by a cgroup or without one. */
export type TreeAccount = Pick<LimitGroup, "cpuMs" | "memoryKills" | "processes">;

/** USER_HZ, which is 100 on every architecture that Linux has today. */
const ticksPerSecond = 100;

/**
 * Stands in for a cgroup where there is none: follows all processes below the first one of a namespace, to which orphans come back, so that none gets away. It sees
 * only what lives when it looks: a short burst of memory can pass unseen, the limits of each process hold it then.
 *
 * @param first its id; undefined while it has not started
 */
export function watchTree(first: () => number | undefined, memoryBytes: number): TreeAccount {
  let seenOver = 0;
  let lastCpuMs = 0;
  const list = (): number[] => {
    const root = first();
    return root === undefined ? [] : withDescendants(root);
  };
  return {
    processes: list,
    memoryKills() {
      const processes = list();
      // What processes share counts for each at first; to be exact takes longer, and is seldom needed.
      const over =
        sum(processes.map(residentBytes)) > memoryBytes && sum(processes.map(proportionalBytes)) > memoryBytes;
      if (over) seenOver += 1;
      return seenOver;
    },
    cpuMs() {
      // Nothing is left to ask of a tree that has ended.
      lastCpuMs = Math.max(lastCpuMs, sum(list().map(cpuMsOf)));
      return lastCpuMs;
    },
  };
}

function withDescendants(root: number): number[] {
  const found = [root];
  // What is appended here is visited in turn.
  for (const pid of found) found.push(...childrenOf(pid));
  return found;
}

/**
 * Any of its threads can have children.
 * @see https://man7.org/linux/man-pages/man5/proc_tid_children.5.html
 */
function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readProc(`/proc/${pid}/task/${thread}/children`).split(" ").filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
}

/** Its own and that of the children it has waited for: fields 14 to 17, counted from the brackets around its name. */
function cpuMsOf(pid: number): number {
  const stat = readProc(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (sum(fields.slice(11, 15).map(Number)) * 1000) / ticksPerSecond;
}

function residentBytes(pid: number): number {
  return kilobytes(readProc(`/proc/${pid}/status`), "VmRSS") * 1024;
}

function proportionalBytes(pid: number): number {
  return kilobytes(readProc(`/proc/${pid}/smaps_rollup`), "Pss") * 1024;
}

function kilobytes(text: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1] ?? 0);
}

/** Empty for a process that has ended meanwhile. */
function readProc(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
