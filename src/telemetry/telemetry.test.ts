import { createServer } from "node:http";
import { once } from "node:events";
import { expect, test } from "vitest";
import { z } from "zod";
import { newId } from "../contract/ids.ts";
import { createSilentTelemetry, createTelemetry } from "./telemetry.ts";

const usage = { inputTokens: 100, outputTokens: 20, cacheReadTokens: 40, cacheWriteTokens: 0, reasoningTokens: 5 };
const executionId = newId();
const organizationId = newId();

test("a scrape shows what happened, in Prometheus text", async () => {
  await using telemetry = createSilentTelemetry();
  telemetry.executionAccepted({ executionId, organizationId, runtime: "chat" });
  telemetry.attemptStarted({ executionId, runtime: "chat", attempt: 1, reason: "first", queuedMs: 3 });
  telemetry.stepFinished({ executionId, runtime: "chat", attempt: 1, name: "model", durationMs: 7 });
  telemetry.modelCalled({
    executionId,
    model: "openai/gpt-4.1-mini",
    purpose: "answer",
    usage,
    costNanoUsd: 2_000_000,
    finishReason: "stop",
    durationMs: 70,
    firstTokenMs: 20,
  });
  telemetry.toolCalled({
    executionId,
    callId: "c",
    name: "secret_tool",
    durationMs: 9,
    errorCode: "tool_error",
  });
  telemetry.executionFinished({ executionId, organizationId, runtime: "chat", status: "completed", durationMs: 90 });
  telemetry.requestFinished({ requestId: "r", method: "GET", route: "/v1/agents/:id", status: 200, durationMs: 4 });
  telemetry.metrics.openStreams.set(1);
  telemetry.commitFinished(17, 0.3);
  telemetry.metrics.onScrape(() => {
    telemetry.metrics.queueDepth.set(4);
    telemetry.metrics.executions.set({ runtime: "chat", status: "waiting" }, 6);
  });

  const { text, contentType } = await telemetry.metrics.scrape();
  expect(contentType).toContain("text/plain");
  for (const line of [
    'runyard_executions_accepted_total{runtime="chat"} 1',
    'runyard_queue_wait_seconds_count{runtime="chat"} 1',
    'runyard_step_seconds_count{runtime="chat",outcome="completed"} 1',
    'runyard_model_call_seconds_count{model="openai/gpt-4.1-mini",outcome="completed"} 1',
    'runyard_model_first_token_seconds_sum{model="openai/gpt-4.1-mini"} 0.02',
    'runyard_model_tokens_total{model="openai/gpt-4.1-mini",kind="input"} 100',
    'runyard_model_tokens_total{model="openai/gpt-4.1-mini",kind="cacheRead"} 40',
    'runyard_model_cost_usd_total{model="openai/gpt-4.1-mini"} 0.002',
    'runyard_tool_call_seconds_count{outcome="failed"} 1',
    'runyard_execution_seconds_count{runtime="chat",status="completed"} 1',
    'runyard_http_request_seconds_bucket{le="0.005",method="GET",route="/v1/agents/:id",status="200"} 1',
    "runyard_open_streams 1",
    "runyard_queue_depth 4",
    'runyard_executions{runtime="chat",status="waiting"} 6',
    'runyard_commit_rows_bucket{le="32"} 1',
  ]) {
    expect(text.split("\n")).toContain(line);
  }
  expect(text).toMatch(/runyard_event_loop_delay_seconds\{quantile="0.99"\} \d/);
  expect(text).toMatch(/process_resident_memory_bytes \d+/);
  expect(text).not.toContain("secret_tool");
  expect(text).not.toContain(executionId);
  const again = await telemetry.metrics.scrape();
  expect(again.text).toContain('kind="input"} 100');
});

test("however many model names are asked for, the labels stay few", async () => {
  await using telemetry = createSilentTelemetry();
  for (let index = 0; index < 500; index += 1) {
    const call = { purpose: "answer", usage, costNanoUsd: null, finishReason: "stop", durationMs: 1 };
    telemetry.modelCalled({ model: `openrouter/model-${index}`, ...call });
  }
  const { text } = await telemetry.metrics.scrape();
  expect(text.match(/runyard_model_tokens_total\{model="[^"]*",kind="input"\}/g)).toHaveLength(101);
  expect(text).toContain('runyard_model_tokens_total{model="other",kind="input"} 40000');
});

test("an execution is one line at debug, none at info, and a failure is a warning with its ids", async () => {
  const lines: string[] = [];
  const log = (logLevel: "debug" | "info") =>
    createTelemetry({ logLevel, logFormat: "json", logDestination: { write: (line) => void lines.push(line) } });
  const finished = { executionId, organizationId, runtime: "chat", durationMs: 5 };
  await using quiet = await log("info");
  quiet.executionFinished({ ...finished, status: "completed" });
  expect(lines).toEqual([]);
  quiet.executionFinished({ ...finished, status: "failed", errorCode: "tool_error" });
  await using chatty = await log("debug");
  chatty.executionFinished({ ...finished, status: "completed" });
  expect(lines.map((line): unknown => JSON.parse(line))).toMatchObject([
    {
      level: 40,
      subsystem: "execution",
      executionId,
      organizationId,
      errorCode: "tool_error",
      msg: "execution failed",
    },
    { level: 20, executionId, msg: "execution finished" },
  ]);
});

const exportSchema = z.object({
  resourceSpans: z.array(
    z.object({
      scopeSpans: z.array(
        z.object({
          spans: z.array(
            z.object({
              name: z.string(),
              traceId: z.string(),
              spanId: z.string(),
              parentSpanId: z.string().optional(),
              kind: z.number(),
              startTimeUnixNano: z.string(),
              endTimeUnixNano: z.string(),
              attributes: z.array(z.object({ key: z.string(), value: z.unknown() })),
              status: z.object({ code: z.number() }),
            }),
          ),
        }),
      ),
    }),
  ),
});

test("a collector gets one trace for each execution, with the model and tool calls under it and no content", async () => {
  const received: { path: string | undefined; key: unknown; body: string }[] = [];
  await using collector = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      received.push({ path: request.url, key: request.headers["x-key"], body: Buffer.concat(chunks).toString() });
      response.writeHead(200, { "content-type": "application/json", connection: "close" }).end("{}");
    });
  });
  collector.listen(0, "127.0.0.1");
  await once(collector, "listening");
  const address = collector.address();
  if (address === null || typeof address === "string") throw new Error("expected a port");

  {
    await using telemetry = await createTelemetry({
      logLevel: "silent",
      logFormat: "json",
      otlpEndpoint: `http://127.0.0.1:${address.port}`,
      otlpHeaders: { "x-key": "k" },
    });
    telemetry.modelCalled({
      executionId,
      model: "google/gemini-2.5-flash",
      purpose: "answer",
      usage,
      costNanoUsd: 5,
      finishReason: "tool-calls",
      durationMs: 40,
    });
    telemetry.toolCalled({
      executionId,
      callId: "call-1",
      name: "weather",
      durationMs: 5,
      errorCode: "tool_timeout",
    });
    telemetry.executionFinished({
      executionId,
      organizationId,
      agentId: newId(),
      runtime: "chat",
      status: "completed",
      durationMs: 90,
    });
    telemetry.requestFinished({ requestId: "r", method: "GET", route: "/readyz", status: 200, durationMs: 1 });
  }

  expect(received[0]).toMatchObject({ path: "/v1/traces", key: "k" });
  const spans = received.flatMap(({ body }) =>
    exportSchema
      .parse(JSON.parse(body))
      .resourceSpans.flatMap((resource) => resource.scopeSpans.flatMap(({ spans }) => spans)),
  );
  const byName = new Map(spans.map((span) => [span.name, span]));
  const execution = byName.get("invoke_agent chat");
  const model = byName.get("chat gemini-2.5-flash");
  const tool = byName.get("execute_tool weather");
  expect([...byName.keys()].sort()).toEqual([
    "GET /readyz",
    "chat gemini-2.5-flash",
    "execute_tool weather",
    "invoke_agent chat",
  ]);
  expect(execution?.traceId).toBe(executionId.replaceAll("-", ""));
  expect(execution?.parentSpanId ?? "").toBe("");
  expect(model).toMatchObject({ traceId: execution?.traceId, parentSpanId: execution?.spanId, kind: 3 });
  expect(tool).toMatchObject({ parentSpanId: execution?.spanId, status: { code: 2 } });
  expect(byName.get("GET /readyz")?.traceId).not.toBe(execution?.traceId);
  const attributes = new Map(model?.attributes.map(({ key, value }) => [key, value]));
  expect(attributes.get("gen_ai.provider.name")).toEqual({ stringValue: "gcp.gemini" });
  expect(attributes.get("gen_ai.usage.input_tokens")).toEqual({ intValue: 100 });
  expect(BigInt(model?.endTimeUnixNano ?? 0) - BigInt(model?.startTimeUnixNano ?? 0)).toBe(40_000_000n);
});

test("a collector that is not there costs its spans, a warning and no more", async () => {
  const lines: string[] = [];
  {
    await using telemetry = await createTelemetry({
      logLevel: "warn",
      logFormat: "json",
      logDestination: { write: (line) => void lines.push(line) },
      otlpEndpoint: "http://127.0.0.1:1",
      otlpTimeoutMs: 100,
    });
    telemetry.requestFinished({ requestId: "r", method: "GET", route: "/readyz", status: 200, durationMs: 1 });
  }
  expect(lines.join("")).toContain("the last spans are lost");
});
