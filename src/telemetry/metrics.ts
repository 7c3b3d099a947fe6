import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Usage } from "../contract/usage.ts";
import { addProcessMetrics } from "./process-metrics.ts";

/** Seconds, for things between a commit and a long model call. */
const fineBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const longBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900];

export type Metrics = ReturnType<typeof createMetrics>;

/**
 * The Prometheus metrics of one process. Labels have few values each: a route is its pattern, an agent or a tool is
 * never a label, and model names past the first hundred are counted as `other`.
 */
export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  const eventLoop = addProcessMetrics(registry);
  const tokens = createTokenCounter(registry);
  const atScrape: (() => void | Promise<void>)[] = [];

  return {
    requests: new Histogram({
      name: "runyard_http_request_seconds",
      help: "HTTP requests by route pattern, from the first byte in to the last byte out.",
      labelNames: ["method", "route", "status"],
      buckets: fineBuckets,
      registers,
    }),
    openStreams: new Gauge({ name: "runyard_open_streams", help: "Event streams with a reader.", registers }),
    refusedKeys: new Counter({
      name: "runyard_authentication_failures_total",
      help: "Requests refused for their API key.",
      labelNames: ["reason"],
      registers,
    }),
    executionsAccepted: new Counter({
      name: "runyard_executions_accepted_total",
      help: "Executions accepted.",
      labelNames: ["runtime"],
      registers,
    }),
    executionsFinished: new Histogram({
      name: "runyard_execution_seconds",
      help: "Finished executions, from acceptance to the end.",
      labelNames: ["runtime", "status"],
      buckets: longBuckets,
      registers,
    }),
    executions: new Gauge({
      name: "runyard_executions",
      help: "Executions that have not ended, by state.",
      labelNames: ["runtime", "status"],
      registers,
    }),
    queueDepth: new Gauge({
      name: "runyard_queue_depth",
      help: "Executions that are due and have not been taken up.",
      registers,
    }),
    queueWait: new Histogram({
      name: "runyard_queue_wait_seconds",
      help: "From due to taken up.",
      labelNames: ["runtime"],
      buckets: fineBuckets,
      registers,
    }),
    steps: new Histogram({
      name: "runyard_step_seconds",
      help: "Steps, from begin to journaled.",
      labelNames: ["runtime", "outcome"],
      buckets: longBuckets,
      registers,
    }),
    modelCalls: new Histogram({
      name: "runyard_model_call_seconds",
      help: "Model calls, from the request to the end of the answer.",
      labelNames: ["model", "outcome"],
      buckets: longBuckets,
      registers,
    }),
    firstTokens: new Histogram({
      name: "runyard_model_first_token_seconds",
      help: "Model calls, from the request to the first part of the answer.",
      labelNames: ["model"],
      buckets: longBuckets,
      registers,
    }),
    modelRetries: new Counter({
      name: "runyard_model_retries_total",
      help: "Model calls tried again before their first token.",
      labelNames: ["model", "code"],
      registers,
    }),
    toolCalls: new Histogram({
      name: "runyard_tool_call_seconds",
      help: "Tool calls.",
      labelNames: ["outcome"],
      buckets: longBuckets,
      registers,
    }),
    webhookDeliveries: new Counter({
      name: "runyard_webhook_deliveries_total",
      help: "Tries to deliver an event to a webhook.",
      labelNames: ["outcome"],
      registers,
    }),
    commits: new Histogram({
      name: "runyard_commit_seconds",
      help: "Transactions, from begin to durable.",
      buckets: [0.0001, 0.00025, ...fineBuckets],
      registers,
    }),
    commitRows: new Histogram({
      name: "runyard_commit_rows",
      help: "Writes that shared one transaction.",
      buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024],
      registers,
    }),
    recovered: new Counter({
      name: "runyard_executions_recovered_total",
      help: "Executions taken up again after their process died.",
      registers,
    }),
    /** A name that is safe as a label, however many there are. */
    modelLabel: createBoundedLabel(100),
    tokens,
    /** Runs before each scrape: set the gauges that are a query rather than a count. */
    onScrape(collect: () => void | Promise<void>): void {
      atScrape.push(collect);
    },
    /** The text of `/metrics`. */
    async scrape(): Promise<{ contentType: string; text: string }> {
      for (const collect of atScrape) await collect();
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
    [Symbol.dispose]() {
      eventLoop[Symbol.dispose]();
      registry.clear();
    },
  };
}

/** Tokens and cost by model. Summed here and given to the registry at a scrape: five kinds a call would cost 3 µs. */
function createTokenCounter(registry: Registry) {
  type Sums = { input: number; output: number; cacheRead: number; cacheWrite: number; reasoning: number; usd: number };
  const sums = new Map<string, Sums>();
  registry.registerMetric(
    new Counter({
      name: "runyard_model_tokens_total",
      help: "Tokens by model and kind; input includes cached ones, output includes reasoning.",
      labelNames: ["model", "kind"],
      registers: [],
      collect() {
        this.reset();
        for (const [model, { usd: _, ...kinds }] of sums) {
          for (const [kind, count] of Object.entries(kinds)) this.inc({ model, kind }, count);
        }
      },
    }),
  );
  registry.registerMetric(
    new Counter({
      name: "runyard_model_cost_usd_total",
      help: "Cost of model calls in US dollars, as far as prices are known.",
      labelNames: ["model"],
      registers: [],
      collect() {
        this.reset();
        for (const [model, { usd }] of sums) this.inc({ model }, usd);
      },
    }),
  );
  return {
    add(model: string, usage: Usage | undefined, costNanoUsd: number | null): void {
      let sum = sums.get(model);
      if (sum === undefined) {
        sum = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0, usd: 0 };
        sums.set(model, sum);
      }
      sum.usd += (costNanoUsd ?? 0) / 1e9;
      if (usage === undefined) return;
      sum.input += usage.inputTokens;
      sum.output += usage.outputTokens;
      sum.cacheRead += usage.cacheReadTokens;
      sum.cacheWrite += usage.cacheWriteTokens;
      sum.reasoning += usage.reasoningTokens;
    },
  };
}

function createBoundedLabel(limit: number): (value: string) => string {
  const seen = new Set<string>();
  return (value) => {
    if (seen.has(value)) return value;
    if (seen.size >= limit) return "other";
    seen.add(value);
    return value;
  };
}
