import type { TelemetryParts } from "./telemetry-parts.ts";

export type ProcessEvents = ReturnType<typeof createProcessEvents>;

/** What happens to the server process and its database. */
export function createProcessEvents({ logging, metrics }: TelemetryParts) {
  const log = logging.logger("server");

  return {
    processStarted(facts: { url: string; database: string; durationMs: number }): void {
      log.info({ ...facts }, "server takes work");
    },

    /** Executions of a process that died are taken up again. */
    processRecovered(facts: { executions: number; poisoned: number; durationMs: number }): void {
      metrics.recovered.inc(facts.executions);
      log.info({ ...facts }, "executions recovered");
    },

    processDraining(facts: { reason: string; running: number }): void {
      log.info({ ...facts }, "server drains");
    },

    processStopped(facts: { handedBack: number; durationMs: number }): void {
      log.info({ ...facts }, "server stopped");
    },

    commitFinished(rows: number, durationMs: number): void {
      metrics.commits.observe(durationMs / 1000);
      metrics.commitRows.observe(rows);
    },

    retentionSwept(facts: { conversations: number; logs: number; durationMs: number }): void {
      if (facts.conversations + facts.logs === 0) return;
      log.info({ ...facts }, "retention swept");
    },
  };
}
