import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runSchema } from "../../../src/http/dialects/charm/schemas/run.ts";
import { startWebhookReceiver, type WebhookReceiver } from "../../operations/webhook-receiver.ts";
import { manifestOf } from "./bundle.ts";
import { bodyOf, type CharmApi, detailOf, eventsOf, problemsOf } from "./charm-api.ts";
import { type CharmPlatform, startCharmPlatform } from "./charm-platform.ts";
import { push } from "./push.ts";

let charm: CharmPlatform;
let sink: WebhookReceiver;
let agentId: string;
beforeAll(async () => {
  sink = await startWebhookReceiver();
  charm = await startCharmPlatform({ allowPrivateNetwork: [new URL(sink.url).host] });
  const source = "import time\n\ndef run(inputs):\n    print('up')\n    time.sleep(60)\n";
  const { manifest, answer } = await push(charm.api, manifestOf(), source);
  expect(answer.status, answer.text).toBe(201);
  agentId = manifest.id;
});
afterAll(async () => {
  await charm[Symbol.asyncDispose]();
  await sink[Symbol.asyncDispose]();
});

/** Starts a run that goes on for a minute. */
async function start(
  fields: object = {},
): Promise<{ runId: string; path: string; reading: ReturnType<typeof eventsOf> }> {
  const runId = randomUUID();
  const body = { agent_id: agentId, version: "1.0.0", run_id: runId, ...fields };
  const response = await charm.api.open("POST", "/charm/v1/execute", body);
  return { runId, path: `/charm/v1/runs/${runId}`, reading: eventsOf(response) };
}

const read = async (path: string) => bodyOf(await charm.api.get(path), 200, runSchema);

const last = {
  type: "internal_run_finished",
  content: { exit_code: expect.any(Number), duration_ms: expect.any(Number) },
};

describe("progress from outside", () => {
  it("is shown in the run and in its stream", async () => {
    const { path, reading } = await start();
    const answer = await charm.api.post(`${path}/progress`, { current_status: "Half way" });
    expect(answer).toMatchObject({ status: 200, body: { success: true, current_status: "Half way" } });
    expect(await read(path)).toMatchObject({ current_status: expect.any(String) });
    expect((await charm.api.post(`${path}/progress`, { current_status: null })).status).toBe(200);
    await charm.api.post(`${path}/cancel`);
    expect(await reading).toContainEqual({ type: "status", content: "Half way" });
    detailOf(await charm.api.post(`${path}/progress`, { current_status: "Too late" }), 409);
    expect((await charm.api.post(`${path}/progress`, {})).status).toBe(200);
  });

  it("that is no text is refused", async () => {
    const { path } = await start();
    expect(problemsOf(await charm.api.post(`${path}/progress`, { current_status: 5 }))).toEqual([
      "body.current_status string_type",
    ]);
    expect(problemsOf(await charm.api.post(`${path}/progress`))).toEqual(["body missing"]);
    await charm.api.post(`${path}/cancel`);
  });
});

describe("completing a run from outside", () => {
  it("stops its program and gives it this result", async () => {
    const { path, reading } = await start({ completion_callback_url: sink.url });
    const done = { status: "success", result_content: { answer: 42 }, duration_ms: "1234" };
    const answer = await charm.api.post(`${path}/complete`, done);
    expect(answer).toMatchObject({
      status: 200,
      body: {
        success: true,
        status: "success",
        result_content: { output: { answer: 42 }, format: "json" },
        duration_ms: 1234,
      },
    });
    const events = await reading;
    expect(events.slice(-2)).toEqual([{ type: "final", content: { answer: 42 }, format: "json" }, last]);
    expect(events.at(-1)).toMatchObject({ content: { exit_code: 0 } });
    await expect.poll(() => sink.deliveries.length).toBe(1);
    expect(JSON.parse(sink.deliveries[0]?.body ?? "")).toMatchObject({ status: "success", duration_ms: 1234 });
  });

  it("twice with the same word changes nothing, with another is refused", async () => {
    const { path, reading } = await start();
    const done = { status: "success", result_content: { output: "fine", format: "markdown" } };
    const first = await charm.api.post(`${path}/complete`, done);
    expect(first).toMatchObject({ status: 200, body: { result_content: { output: "fine", format: "markdown" } } });
    expect(await charm.api.post(`${path}/complete`, done)).toMatchObject({ status: 200, body: first.body });
    expect((await charm.api.post(`${path}/complete`, {})).status).toBe(200);
    detailOf(await charm.api.post(`${path}/complete`, { status: "error" }), 409);
    detailOf(await charm.api.post(`${path}/complete`, { result_content: { other: 1 } }), 409);
    detailOf(await charm.api.post(`${path}/cancel`), 409);
    expect((await reading).filter(({ type }) => type === "internal_run_finished")).toHaveLength(1);
  });

  it("as failed or cancelled ends it so", async () => {
    const failed = await start();
    const result_content = { error: "out of luck" };
    const answer = await charm.api.post(`${failed.path}/complete`, { status: "error", result_content });
    expect(answer).toMatchObject({ status: 200, body: { status: "error", error_message: "out of luck" } });
    const events = await failed.reading;
    expect(events.filter(({ type }) => type === "error")).toEqual([{ type: "error", content: "out of luck" }]);
    const cancelled = await start();
    await charm.api.post(`${cancelled.path}/complete`, { status: "cancelled" });
    expect(await read(cancelled.path)).toMatchObject({ status: "cancelled" });
    expect((await cancelled.reading).at(-1)).toMatchObject({ content: { exit_code: 130 } });
  });

  it("with a wrong body is refused", async () => {
    const { path } = await start();
    const wrong = { status: null, result_content: [], duration_ms: "soon" };
    expect(problemsOf(await charm.api.post(`${path}/complete`, wrong))).toEqual([
      "body.status string_type",
      "body.result_content dict_type",
      "body.duration_ms int_parsing",
    ]);
    expect(problemsOf(await charm.api.post(`${path}/complete`, { status: "perhaps" }))).toEqual(["body.status enum"]);
    await charm.api.post(`${path}/cancel`);
  });
});

describe("who may", () => {
  const calls: [string, string, object | undefined, string][] = [
    ["GET", "", undefined, "agents:read"],
    ["GET", "/events", undefined, "agents:read"],
    ["POST", "/complete", {}, "agents:execute"],
    ["POST", "/progress", {}, "agents:execute"],
    ["POST", "/cancel", undefined, "agents:execute"],
  ];

  it.each(calls)(
    "%s /v1/runs/…%s needs a key, its scope and a run of one's own",
    async (method, below, body, scope) => {
      const { path } = await start();
      const stranger = await charm.stranger();
      const call = async (api: CharmApi, at = path) => {
        const response = await api.open(method, at + below, body);
        return { status: response.status, headers: response.headers, text: "", body: await response.json() };
      };
      detailOf(await call(charm.nobody), 401);
      expect(detailOf(await call(await charm.withScopes("analytics:read")), 403)).toContain(scope);
      detailOf(await call(stranger), 404);
      detailOf(await call(charm.api, `/charm/v1/runs/${randomUUID()}`), 404);
      detailOf(await call(charm.api, "/charm/v1/runs/nobody"), 404);
      expect(await read(path)).toMatchObject({ completed_at: null });
      await charm.api.post(`${path}/cancel`);
    },
  );
});
