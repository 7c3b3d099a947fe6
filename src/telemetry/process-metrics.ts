import { monitorEventLoopDelay } from "node:perf_hooks";
import { Counter, Gauge, type Registry } from "prom-client";

const resolutionMs = 10;

/**
 * Memory, CPU and event-loop delay of this process, under the names that dashboards know. The delay is of the time
 * since the scrape before.
 */
export function addProcessMetrics(registry: Registry): Disposable {
  const delays = monitorEventLoopDelay({ resolution: resolutionMs });
  delays.enable();

  registry.registerMetric(
    new Gauge({
      name: "runyard_event_loop_delay_seconds",
      help: "How late the event loop came to its timers since the last scrape.",
      labelNames: ["quantile"],
      registers: [],
      collect() {
        const none = delays.count === 0;
        this.set({ quantile: "0.5" }, none ? 0 : delaySeconds(delays.percentile(50)));
        this.set({ quantile: "0.99" }, none ? 0 : delaySeconds(delays.percentile(99)));
        this.set({ quantile: "1" }, none ? 0 : delaySeconds(delays.max));
        delays.reset();
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: "process_resident_memory_bytes",
      help: "Resident memory.",
      registers: [],
      collect() {
        this.set(process.memoryUsage.rss());
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: "nodejs_heap_size_used_bytes",
      help: "JavaScript heap in use.",
      registers: [],
      collect() {
        this.set(process.memoryUsage().heapUsed);
      },
    }),
  );
  registry.registerMetric(
    new Counter({
      name: "process_cpu_seconds_total",
      help: "CPU time in user and system mode.",
      registers: [],
      collect() {
        const { user, system } = process.cpuUsage();
        this.reset();
        this.inc((user + system) / 1e6);
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: "process_start_time_seconds",
      help: "Start of the process since the epoch.",
      registers: [],
      collect() {
        this.set(performance.timeOrigin / 1000);
      },
    }),
  );

  return { [Symbol.dispose]: () => void delays.disable() };
}

/** The monitor measures from one tick of its timer to the next, the interval included. */
function delaySeconds(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e9 - resolutionMs / 1e3);
}
