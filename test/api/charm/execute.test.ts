import { randomUUID } from "node:crypto";
import { startWebhookReceiver, type WebhookReceiver } from "../../operations/webhook-receiver.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runEventsSchema, runSchema } from "../../../src/http/dialects/charm/schemas/run.ts";
import { logsSchema } from "../../../src/http/dialects/charm/schemas/push.ts";
import { manifestOf, projectBundle } from "./bundle.ts";
import { bodyOf, type CharmApi, detailOf, eventsOf, problemsOf, type RunEvent } from "./charm-api.ts";
import { type CharmPlatform, startCharmPlatform } from "./charm-platform.ts";
import { push, register, upload } from "./push.ts";

const source = `
import os, sys, time

def run(inputs):
    what = inputs.get("do")
    if what == "fail":
        raise ValueError("kaboom")
    if what == "sleep":
        time.sleep(60)
    if what == "file":
        open("report.txt", "w").write("the report")
    if what == "exit":
        os._exit(3)
    if what == "state":
        return {"status": "success", "output": "kept", "charm_state": "eyJ0IjoxfQ=="}
    if what == "ask":
        return {"status": "suspended", "thread_id": inputs.get("__charm_thread_id__"), "next_step": "approve"}
    if what == "say":
        print("thinking aloud")
        print('__CHARM_EVENT__{"type": "delta", "content": "half"}')
        print('::CHARM_EVENT::{"type": "tool_usage", "tool": "search", "count": 2}')
    if what == "environment":
        return os.environ.get("MY_SECRET", "") + "!" + str(inputs.get("__charm_state__")) + "!" + str(inputs.get("history"))
    if what == "given":
        return open("given.txt").read()
    return {"echo": inputs.get("text")}
`;

let charm: CharmPlatform;
let sink: WebhookReceiver;
let agentId: string;
beforeAll(async () => {
  sink = await startWebhookReceiver();
  charm = await startCharmPlatform({ allowPrivateNetwork: [new URL(sink.url).host] });
  const { manifest, answer } = await push(charm.api, manifestOf(), source);
  expect(answer.status, answer.text).toBe(201);
  agentId = manifest.id;
});
afterAll(async () => {
  await charm[Symbol.asyncDispose]();
  await sink[Symbol.asyncDispose]();
});

const path = "/charm/v1/execute";

function execute(payload: object, fields: object = {}, api: CharmApi = charm.api): Promise<Response> {
  return api.open("POST", path, { agent_id: agentId, version: "1.0.0", input_payload: payload, ...fields });
}

async function run(payload: object, fields: object = {}): Promise<{ runId: string; events: RunEvent[] }> {
  const response = await execute(payload, fields);
  return { runId: response.headers.get("x-run-id") ?? "", events: await eventsOf(response) };
}

/** Without the words on how far it is, and without the keep-alive. */
function told(events: readonly RunEvent[]): RunEvent[] {
  return events.filter(({ type, content }) => type !== "status" && content !== "...");
}

const getRun = async (runId: string) =>
  bodyOf(await charm.api.get(`/charm/v1/runs/${encodeURIComponent(runId)}`), 200, runSchema);

const finished = (exitCode: number) => ({
  type: "internal_run_finished",
  content: { exit_code: exitCode, duration_ms: expect.any(Number) },
});

describe("a run", () => {
  it("streams its status, its result and its end", async () => {
    const { runId, events } = await run({ text: "hey" });
    expect(events[0]).toEqual({ type: "status", content: expect.any(String), run_id: runId });
    expect(told(events)).toEqual([{ type: "final", content: { echo: "hey" }, format: "json" }, finished(0)]);
    expect(await getRun(runId)).toMatchObject({
      run_id: runId,
      agent_id: agentId,
      version: "1.0.0",
      thread_id: null,
      status: "success",
      input_payload: { text: "hey" },
      result_content: { output: { echo: "hey" }, format: "json" },
      error_message: null,
    });
  });

  it("says what its program says, in its order", async () => {
    const { events } = await run({ do: "say" });
    expect(told(events)).toEqual([
      { type: "thinking", content: "thinking aloud\n" },
      { type: "delta", content: "half" },
      { type: "tool_usage", tool: "search", count: 2 },
      { type: "final", content: { echo: null }, format: "json" },
      finished(0),
    ]);
  });

  it("that fails says so once", async () => {
    const { runId, events } = await run({ do: "fail" });
    expect(told(events).filter(({ type }) => type !== "thinking")).toEqual([
      { type: "error", content: expect.stringContaining("kaboom") },
      finished(1),
    ]);
    expect(await getRun(runId)).toMatchObject({ status: "error", error_message: expect.stringContaining("kaboom") });
    const exit = await run({ do: "exit" });
    expect(told(exit.events).at(-1)).toEqual(finished(3));
  });

  it("gives its state, its question and its files", async () => {
    const state = await run({ do: "state" });
    expect(told(state.events)).toEqual([
      { type: "state_update", content: "eyJ0IjoxfQ==" },
      { type: "final", content: "kept", format: "markdown" },
      finished(0),
    ]);
    const asked = await run({ do: "ask" }, { thread_id: "t-ask" });
    expect(told(asked.events)).toEqual([
      { type: "control", status: "suspended", thread_id: "t-ask", next_step: "approve" },
      finished(0),
    ]);
    expect(await getRun(asked.runId)).toMatchObject({ status: "suspended", thread_id: "t-ask" });
    const { events } = await run({ do: "file" });
    const artifact = events.find(({ type }) => type === "artifact")?.["content"] as { url: string };
    expect(artifact).toEqual({ name: "report.txt", url: expect.stringMatching(/^http:/), mime: "text/plain" });
    const file = await charm.nobody.get(artifact.url);
    expect(file).toMatchObject({ status: 200, text: "the report" });
    detailOf(await charm.nobody.get(artifact.url.slice(0, -6)), 404);
    detailOf(await charm.nobody.get(artifact.url.replace(/\?.*/, "")), 404);
  });

  it("is given its variables, which nobody sees, its state, its history and its files", async () => {
    const { runId, events } = await run(
      { do: "environment" },
      {
        env_vars: { MY_SECRET: "sesame-open" },
        state_snapshot: "c3RhdGU=",
        history: [{ role: "user", content: "hi" }],
      },
    );
    const final = events.find(({ type }) => type === "final")?.["content"];
    expect(final).toContain("[MY_SECRET_REDACTED]!c3RhdGU=!");
    expect(final).toContain("hi");
    const log = await charm.api.get(`/charm/v1/runs/${runId}/events?limit=500`);
    expect(log.text).not.toContain("sesame-open");
    const given = await run({ do: "given" }, { files: { "some/folder/given.txt": "data:text/plain,the%20words" } });
    expect(told(given.events)[0]).toEqual({ type: "final", content: "the words", format: "markdown" });
  });

  it("goes by the id that its caller gives, once", async () => {
    const runId = `run ${randomUUID()} é`;
    const first = await execute({ text: "a" }, { run_id: runId });
    const events = await eventsOf(first);
    expect(events[0]).toMatchObject({ run_id: runId });
    expect(await getRun(runId)).toMatchObject({ id: runId, status: "success" });
    expect(detailOf(await read(await execute({ text: "b" }, { run_id: runId })), 409)).toContain(runId);
    const plain = `r-${randomUUID()}`;
    expect((await run({}, { run_id: plain })).runId).toBe(plain);
  });

  it("is kept as events, the oldest first", async () => {
    const { runId, events } = await run({ do: "say" });
    const answer = bodyOf(await charm.api.get(`/charm/v1/runs/${runId}/events?limit=500`), 200, runEventsSchema);
    expect(answer.run_id).toBe(runId);
    expect(answer.events.map(({ seq: _seq, created_at: _at, ...event }) => event)).toEqual(
      events.filter(({ content }) => content !== "..."),
    );
    const few = bodyOf(await charm.api.get(`/charm/v1/runs/${runId}/events?limit=2`), 200, runEventsSchema);
    expect(few.events).toEqual(answer.events.slice(0, 2));
  });

  it("goes on when its reader leaves, and is the same natively", async () => {
    const runId = randomUUID();
    const controller = new AbortController();
    const response = await fetch(`${charm.api.url}${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${charm.api.key}`, "content-type": "application/json" },
      body: JSON.stringify({ agent_id: agentId, version: "1.0.0", run_id: runId, input_payload: { text: "left" } }),
      signal: controller.signal,
    });
    await response.body?.getReader().read();
    controller.abort();
    await expect.poll(async () => (await getRun(runId)).status, { timeout: 20_000 }).toBe("success");
    const list = await charm.api.get("/v1/executions?limit=1");
    expect(list.text).toContain("left");
  });

  it("is cancelled with a word and 130", async () => {
    const runId = randomUUID();
    const response = await execute({ do: "sleep" }, { run_id: runId });
    const reading = eventsOf(response);
    await expect.poll(async () => (await getRun(runId)).status).toBe("running");
    const answer = await charm.api.post(`/charm/v1/runs/${runId}/cancel`);
    expect(answer).toMatchObject({ status: 200, body: { success: true, run_id: runId, status: "cancelled" } });
    expect(told(await reading)).toEqual([{ type: "error", content: "The run was cancelled." }, finished(130)]);
    expect((await charm.api.post(`/charm/v1/runs/${runId}/cancel`)).status).toBe(200);
  });
});

describe("a thread", () => {
  it("gathers its runs, the newest first", async () => {
    const threadId = `thread/${randomUUID()}`;
    const first = await run({ text: "1" }, { thread_id: threadId });
    const second = await run({ text: "2" }, { thread_id: threadId });
    const answer = await charm.api.get(`/charm/v1/threads/${encodeURIComponent(threadId)}/runs`);
    expect(answer).toMatchObject({
      status: 200,
      body: {
        thread_id: threadId,
        runs: [
          { run_id: second.runId, thread_id: threadId },
          { run_id: first.runId, thread_id: threadId },
        ],
      },
    });
    const one = await charm.api.get(`/charm/v1/threads/${encodeURIComponent(threadId)}/runs?limit=1`);
    expect(one).toMatchObject({ body: { runs: [{ run_id: second.runId }] } });
    detailOf(await charm.api.get(`/charm/v1/threads/${randomUUID()}/runs`), 404);
    detailOf(await (await charm.stranger()).get(`/charm/v1/threads/${encodeURIComponent(threadId)}/runs`), 404);
  });
});

describe("a completion callback", () => {
  it("is made once the run has ended", async () => {
    const { runId } = await run({ text: "call" }, { completion_callback_url: sink.url, thread_id: "t-callback" });
    await expect.poll(() => sink.deliveries.length).toBe(1);
    expect(JSON.parse(sink.deliveries[0]?.body ?? "")).toEqual({
      run_id: runId,
      agent_id: agentId,
      thread_id: "t-callback",
      status: "success",
      result_content: { output: { echo: "call" }, format: "json" },
      duration_ms: expect.any(Number),
      error_message: null,
    });
  });

  it("to an address that may not be called is refused before the run", async () => {
    const answer = await read(await execute({}, { completion_callback_url: "http://127.0.0.1:9/" }));
    expect(problemsOf(answer)).toEqual(["body.completion_callback_url value_error"]);
  });
});

describe("what is refused before a run", () => {
  it("tells all problems at once, in the order of the fields", async () => {
    const body = {
      agent_id: null,
      input_payload: [],
      env_vars: { A: 1, B: "b" },
      files: { a: null },
      history: {},
      state_snapshot: null,
      thread_id: 5,
      adapter_type: null,
      runtime_mode: 1,
      lifecycle: null,
      run_id: {},
      completion_callback_url: 1,
    };
    expect(problemsOf(await charm.api.post(path, body))).toEqual([
      "body.agent_id string_type",
      "body.version missing",
      "body.input_payload dict_type",
      "body.env_vars.A string_type",
      "body.files.a string_type",
      "body.history list_type",
      "body.state_snapshot string_type",
      "body.thread_id string_type",
      "body.adapter_type string_type",
      "body.runtime_mode string_type",
      "body.lifecycle string_type",
      "body.run_id string_type",
      "body.completion_callback_url string_type",
    ]);
  });

  it.each([
    [{ files: { "a/..": "https://example.com/a" } }, "body.files.a/.. value_error"],
    [{ files: { "": "https://example.com/a" } }, "body.files. value_error"],
    [{ files: { a: "file:///etc/passwd" } }, "body.files.a value_error"],
    [{ files: { a: "http://169.254.169.254/latest" } }, "body.files value_error"],
    [{ files: { "x/a": "https://example.com/a", "y/a": "https://example.com/a" } }, "body.files.y/a value_error"],
    [{ env_vars: { "A=B": "c" } }, "body.env_vars.A=B value_error"],
    [{ run_id: "r".repeat(256) }, "body.run_id string_too_long"],
  ])("%j", async (fields, problem) => {
    expect(problemsOf(await read(await execute({}, fields)))).toEqual([problem]);
  });

  it("an agent, a version or a key that is not there", async () => {
    detailOf(await read(await execute({}, { agent_id: randomUUID() })), 404);
    detailOf(await read(await execute({}, { agent_id: "nobody" })), 404);
    expect(detailOf(await read(await execute({}, { version: "9.9.9" })), 404)).toContain("9.9.9");
    detailOf(await read(await execute({}, {}, await charm.stranger())), 404);
    detailOf(await read(await execute({}, {}, charm.nobody)), 401);
    detailOf(await read(await execute({}, {}, await charm.withScopes("agents:read"))), 403);
  });

  it("variables or a body that are too large", async () => {
    detailOf(await read(await execute({}, { env_vars: { A: "x".repeat(1024 * 1024) } })), 413);
    detailOf(await read(await execute({}, { env_vars: { A: "x".repeat(11 * 1024 * 1024) } })), 413);
  });

  it("an agent that is not active, or has nothing to run", async () => {
    const { manifest } = await push(charm.api);
    await charm.api.patch(`/charm/v1/agents/${manifest.id}`, { is_active: false });
    detailOf(await read(await execute({}, { agent_id: manifest.id })), 409);
    const made = await charm.api.post("/charm/v1/agents", { user_id: "u", name: "n" });
    const { id } = made.body as { id: string };
    detailOf(await read(await execute({}, { agent_id: id })), 409);
  });
});

describe("the logs of the command line", () => {
  it("show runs with their ends", async () => {
    const manifest = manifestOf();
    await register(charm.api, manifest, await upload(charm.api, await projectBundle(manifest, source)));
    await run({ do: "fail" }, { agent_id: manifest.id });
    await run({ text: "fine" }, { agent_id: manifest.id });
    const answer = await charm.api.get(`/charm/api/v1/agents/logs?agent_id=${manifest.id}`);
    expect(bodyOf(answer, 200, logsSchema).logs).toEqual([
      { created_at: expect.any(String), status: "success", input_payload: { text: "fine" }, error_message: null },
      {
        created_at: expect.any(String),
        status: "error",
        input_payload: { do: "fail" },
        error_message: expect.stringContaining("kaboom"),
      },
    ]);
  });
});

async function read(response: Response) {
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.startsWith("application/json") === true;
  const body: unknown = isJson ? JSON.parse(text) : null;
  return { status: response.status, headers: response.headers, text, body };
}
