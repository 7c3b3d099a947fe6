import { PerformanceObserver } from "node:perf_hooks";
import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";

/** Where the young generation stops to grow: two halves of 8 MiB. */
const enoughBytes = 16 * 1024 * 1024;

/**
 * Keeps the part of the heap where objects are born at 16 MiB, for the rest of the process. By itself it grows to 128 MiB
 * under load and stays there: 13 KiB for each of 10,000 idle readers. Its limit is read when the process starts, but the
 * factor by which it grows is read at each growth, so that is what is set here, after each collection; it can shrink when
 * little happens, and then grows again.
 *
 * Measured with 64 callers of a chat agent, CPU an execution and memory after 14,000: unbounded 1.20 ms, 311 MB; 16 MiB
 * 1.27 ms, 196 MB; 2 MiB 1.73 ms, 238 MB.
 */
export function boundYoungGeneration(): void {
  let grows = true;
  const observer = new PerformanceObserver(() => {
    const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space");
    const mayGrow = young !== undefined && young.space_size < enoughBytes;
    if (mayGrow === grows) return;
    grows = mayGrow;
    setFlagsFromString(`--semi-space-growth-factor=${mayGrow ? 2 : 1}`);
  });
  observer.observe({ entryTypes: ["gc"] });
}
