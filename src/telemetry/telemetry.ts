import { createExecutionEvents, type ExecutionEvents } from "./execution-events.ts";
import { createLogging, type Logger, type LoggingOptions, type LogLevel } from "./logger.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import { createProcessEvents, type ProcessEvents } from "./process-events.ts";
import { createRequestEvents, type RequestEvents } from "./request-events.ts";
import { startTraces, type Traces } from "./traces.ts";

export interface TelemetryOptions {
  logLevel: LogLevel;
  logFormat: LoggingOptions["format"];
  /** Base address of an OTLP over HTTP collector; unset: no traces. */
  otlpEndpoint?: string;
  otlpHeaders?: Readonly<Record<string, string>>;
  /** How long a batch of spans may take, in milliseconds; default 3,000. */
  otlpTimeoutMs?: number;
  /** Takes log lines instead of standard output. */
  logDestination?: LoggingOptions["destination"];
}

/**
 * Logs, metrics and traces of the process. Business events go through their helper, which writes all three; a
 * subsystem's logger is for what is no event of the business.
 */
export interface Telemetry extends ExecutionEvents, RequestEvents, ProcessEvents, AsyncDisposable {
  /** The logger of a subsystem, named after its folder. */
  logger(subsystem: string): Logger;
  readonly metrics: Metrics;
}

/** Disposing sends what is buffered: the last spans, the last lines. */
export async function createTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  const { otlpEndpoint: endpoint, otlpHeaders: headers = {}, otlpTimeoutMs: timeoutMs = 3_000 } = options;
  const traces = endpoint === undefined ? undefined : await startTraces({ endpoint, headers, timeoutMs });
  return compose(options, traces);
}

/** Metrics alone: for tests, benchmarks and commands that have no log. */
export function createSilentTelemetry(): Telemetry {
  return compose({ logLevel: "silent", logFormat: "json", logDestination: { write: () => {} } }, undefined);
}

function compose(options: TelemetryOptions, traces: Traces | undefined): Telemetry {
  const logging = createLogging({
    level: options.logLevel,
    format: options.logFormat,
    destination: options.logDestination,
  });
  const metrics = createMetrics();
  const parts = { logging, metrics, traces };
  return {
    ...createExecutionEvents(parts),
    ...createRequestEvents(parts),
    ...createProcessEvents(parts),
    metrics,
    logger: (subsystem) => logging.logger(subsystem),
    async [Symbol.asyncDispose]() {
      try {
        await traces?.[Symbol.asyncDispose]();
      } catch (err) {
        logging.logger("telemetry").warn({ err }, "the last spans are lost");
      }
      metrics[Symbol.dispose]();
      await logging[Symbol.asyncDispose]();
    },
  };
}
