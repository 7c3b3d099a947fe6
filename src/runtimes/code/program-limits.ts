import type { CodeDefinition } from "../../contract/agent.ts";
import type { SandboxLimits } from "../../sandbox/sandbox.ts";

/** So many processors' time goes by while the clock does, before the clock is no longer what ends a run. */
const processors = 2;

/** The limits of one run of a version. */
export function programLimits(definition: Pick<CodeDefinition, "timeoutMs" | "memoryBytes">): SandboxLimits {
  return {
    wallMs: definition.timeoutMs,
    cpuSeconds: Math.ceil((definition.timeoutMs * processors) / 1000) + 1,
    memoryBytes: definition.memoryBytes,
    processes: 256,
    openFiles: 1024,
    diskBytes: 1024 * 1024 * 1024,
    outputBytes: 64 * 1024 * 1024,
  };
}
