import type { Attributes, Context, Tracer } from "@opentelemetry/api";

export interface TracesOptions {
  /** Base address of a collector that takes OTLP over HTTP; `/v1/traces` is appended. */
  endpoint: string;
  headers: Readonly<Record<string, string>>;
  /** How long one batch may take, its retries included, and so the end of the process at most. Milliseconds. */
  timeoutMs: number;
}

/** One finished piece of work. */
export interface SpanFacts {
  name: string;
  kind: "server" | "client" | "internal";
  /** Its execution's trace is joined; none: a trace of its own. */
  executionId?: string;
  /** True for the one span of the execution itself, which is the parent of all others. */
  isExecution?: boolean;
  /** Epoch milliseconds. */
  startedAt: number;
  endedAt: number;
  attributes: Attributes;
  /** An error code when it failed. */
  errorCode?: string;
}

export interface Traces extends AsyncDisposable {
  record(span: SpanFacts): void;
}

/**
 * Sends spans to an OpenTelemetry collector; disposing sends the last ones, or throws when they are lost. Loaded only when one is set: it takes 100 ms and 10 MB.
 *
 * The trace of an execution needs no context handed around, and so survives crashes and other processes: its 128-bit id
 * is the execution's UUID, and the execution's own span id is the UUID's lower half. Every process that works on an
 * execution writes into the same trace.
 */
export async function startTraces(options: TracesOptions): Promise<Traces> {
  const [api, sdk, { OTLPTraceExporter }, { resourceFromAttributes }] = await Promise.all([
    import("@opentelemetry/api"),
    import("@opentelemetry/sdk-trace"),
    import("@opentelemetry/exporter-trace-otlp-http"),
    import("@opentelemetry/resources"),
  ]);
  const random = new sdk.RandomIdGenerator();
  let nextIds: { traceId: string; spanId: string } | undefined;
  const provider = new sdk.TracerProvider({
    resource: resourceFromAttributes({ "service.name": "runyard" }),
    idGenerator: {
      generateTraceId: () => nextIds?.traceId ?? random.generateTraceId(),
      generateSpanId: () => nextIds?.spanId ?? random.generateSpanId(),
    },
    spanProcessors: [
      new sdk.BatchSpanProcessor({
        exporter: new OTLPTraceExporter({
          url: `${options.endpoint}/v1/traces`,
          headers: { ...options.headers },
          timeoutMillis: options.timeoutMs,
        }),
        exportTimeoutMillis: options.timeoutMs,
        maxQueueSize: 8_192,
      }),
    ],
  });
  const tracer: Tracer = provider.getTracer("runyard");
  const kinds = { server: api.SpanKind.SERVER, client: api.SpanKind.CLIENT, internal: api.SpanKind.INTERNAL };

  function parentOf(executionId: string): Context {
    const { traceId, spanId } = idsOf(executionId);
    return api.trace.setSpanContext(api.ROOT_CONTEXT, {
      traceId,
      spanId,
      traceFlags: api.TraceFlags.SAMPLED,
      isRemote: true,
    });
  }

  return {
    record({ name, kind, executionId, isExecution = false, startedAt, endedAt, attributes, errorCode }) {
      const parent = executionId === undefined || isExecution ? api.ROOT_CONTEXT : parentOf(executionId);
      nextIds = isExecution && executionId !== undefined ? idsOf(executionId) : undefined;
      const span = tracer.startSpan(name, { kind: kinds[kind], startTime: startedAt, attributes }, parent);
      nextIds = undefined;
      if (errorCode !== undefined) {
        span.setAttribute("error.type", errorCode);
        span.setStatus({ code: api.SpanStatusCode.ERROR, message: errorCode });
      }
      span.end(endedAt);
    },
    async [Symbol.asyncDispose]() {
      await provider.shutdown();
    },
  };
}

function idsOf(executionId: string): { traceId: string; spanId: string } {
  const traceId = executionId.replaceAll("-", "").toLowerCase();
  return { traceId, spanId: traceId.slice(16) };
}
