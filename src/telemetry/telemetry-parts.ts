import type { Logging } from "./logger.ts";
import type { Metrics } from "./metrics.ts";
import type { Traces } from "./traces.ts";

/** What one business event is written to. */
export interface TelemetryParts {
  logging: Logging;
  metrics: Metrics;
  /** Undefined when no collector is set. */
  traces: Traces | undefined;
}
