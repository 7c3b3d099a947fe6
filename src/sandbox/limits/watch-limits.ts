import { availableParallelism } from "node:os";
import type { ExitReason, SandboxLimits } from "../sandbox.ts";
import { DiskGrowth } from "./disk-growth.ts";
import type { TreeAccount } from "./process-tree.ts";

const shortestMs = 50;
/** Between two looks at a tree that works. */
const busyMs = 100;
/** Between two looks at a tree that has done next to nothing since the last one. */
const idleMs = 1000;

export interface LimitWatch {
  stop(): void;
  /** What the kernel's accounts say of a tree that has ended; undefined when it stayed within its limits. */
  verdict(): Promise<Excess | undefined>;
}

export type Excess = Extract<ExitReason, "out-of-memory" | "too-much-cpu" | "too-much-disk">;

/**
 * Looks now and then at what the kernel does not stop by itself for a whole tree: processor time, growth of folders, and
 * whether it has killed one of the processes for want of memory, upon which the rest has to go as well.
 *
 * @param folders that the program may write
 */
export function watchLimits(
  account: TreeAccount,
  limits: SandboxLimits,
  folders: readonly string[],
  onExceeded: (excess: Excess) => void,
): LimitWatch {
  const processors = availableParallelism();
  const disk = new DiskGrowth(folders, limits.diskBytes, Date.now(), () => account.processes());
  let lastCpuMs = 0;
  let timer: NodeJS.Timeout | undefined = setTimeout(look, busyMs);

  async function verdict(): Promise<Excess | undefined> {
    if (account.memoryKills() > 0) return "out-of-memory";
    if (account.cpuMs() >= limits.cpuSeconds * 1000) return "too-much-cpu";
    return (await disk.exceeded()) ? "too-much-disk" : undefined;
  }

  async function look(): Promise<void> {
    const excess = await verdict().catch(() => undefined);
    if (timer === undefined) return;
    if (excess !== undefined) onExceeded(excess);
    const cpuMs = readCpu(account) ?? lastCpuMs;
    const nextMs = cpuMs - lastCpuMs < busyMs / 20 ? idleMs : busyMs;
    lastCpuMs = cpuMs;
    const earliestMs = (limits.cpuSeconds * 1000 - cpuMs) / processors;
    timer = setTimeout(look, Math.max(shortestMs, Math.min(nextMs, earliestMs)));
  }

  return {
    stop() {
      clearTimeout(timer);
      timer = undefined;
    },
    verdict,
  };
}

/** @returns undefined when the account has been given up */
function readCpu(account: TreeAccount): number | undefined {
  try {
    return account.cpuMs();
  } catch {
    return undefined;
  }
}
