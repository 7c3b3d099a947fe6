import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { manifestOf } from "./bundle.ts";
import { bodyOf, type CharmApi, detailOf, eventsOf, problemsOf, type RunEvent } from "./charm-api.ts";
import { type CharmPlatform, startCharmPlatform } from "./charm-platform.ts";
import { push } from "./push.ts";

const source = `
import os, time
count = 0

def run(inputs):
    global count
    count += 1
    what = inputs.get("do")
    if what == "fail":
        raise ValueError("kaboom")
    if what == "die":
        os._exit(3)
    if what == "sleep":
        time.sleep(600)
    if what == "note":
        with open(os.environ["CHARM_WORKSPACE_DIR"] + "/note.txt", "a") as file:
            file.write(str(inputs.get("text")))
    if what == "read":
        path = os.environ["CHARM_WORKSPACE_DIR"] + "/note.txt"
        return open(path).read() if os.path.exists(path) else "nothing"
    if what == "given":
        return open("given.txt").read()
    if what == "secret":
        print("the secret is " + os.environ["MY_SECRET"])
        return os.environ["MY_SECRET"]
    if what == "say":
        print("thinking aloud")
        print('__CHARM_EVENT__{"type": "delta", "content": "half"}')
    return {"count": count, "user": os.environ["CHARM_USER_ID"], "secret": "MY_SECRET" in os.environ}
`;

let charm: CharmPlatform;
let stranger: CharmApi;
let agentId: string;
beforeAll(async () => {
  charm = await startCharmPlatform();
  stranger = await charm.stranger();
  agentId = await pushDaemon();
});
afterAll(() => charm[Symbol.asyncDispose]());

async function pushDaemon(program = source): Promise<string> {
  const { manifest, answer } = await push(charm.api, manifestOf({ lifecycle: "daemon" }), program);
  expect(answer.status, answer.text).toBe(201);
  return manifest.id;
}

const objectSchema = z.looseObject({});
const ofAgent = (agent = agentId) => `/charm/v1/daemon/${agent}`;

async function run(payload: object, fields: object = {}): Promise<RunEvent[]> {
  const request = { agent_id: agentId, version: "1.0.0", input_payload: payload, lifecycle: "daemon", ...fields };
  const events = await eventsOf(await charm.api.open("POST", "/charm/v1/execute", request));
  return events.filter(({ content }) => content !== "...");
}

const finalOf = (events: readonly RunEvent[]): unknown => events.find(({ type }) => type === "final")?.["content"];
const status = async (agent = agentId, query = "") =>
  bodyOf(await charm.api.get(`${ofAgent(agent)}/status${query}`), 200, objectSchema);

describe("a run of a daemon agent", () => {
  it("starts the daemon, which keeps what it knows from run to run, each user's apart", async () => {
    const user = { env_vars: { CHARM_USER_ID: randomUUID() } };
    const first = await run({ do: "say" }, user);
    expect(finalOf(first)).toMatchObject({ count: 1 });
    expect(first.map(({ type }) => type)).toEqual(expect.arrayContaining(["thinking", "delta", "final"]));
    expect(first.at(-1)).toMatchObject({ type: "internal_run_finished", content: { exit_code: 0 } });
    // What the caller gives as a variable is shown to nobody, the user's own id included.
    expect(finalOf(await run({}, user))).toMatchObject({ count: 2, user: "[CHARM_USER_ID_REDACTED]" });
    expect(finalOf(await run({}, { env_vars: { CHARM_USER_ID: randomUUID() } }))).toMatchObject({ count: 1 });
    expect(await status(agentId, `?user_id=${user.env_vars.CHARM_USER_ID}`)).toMatchObject({
      available: true,
      exists: true,
      state: "started",
      db_status: "running",
    });
  });

  it("takes its turn behind the runs before it, over all threads", async () => {
    const user = { CHARM_USER_ID: randomUUID() };
    const ends = await Promise.all(
      ["a", "b", "c", "d"].map((thread) => run({}, { thread_id: `${thread}-${user.CHARM_USER_ID}`, env_vars: user })),
    );
    const counts = ends.map((events) => z.object({ count: z.int() }).parse(finalOf(events)).count);
    expect(counts.toSorted()).toEqual([1, 2, 3, 4]);
  });

  it("gets files and secrets for itself alone, and no secret is shown", async () => {
    const user = { CHARM_USER_ID: randomUUID() };
    const files = { "given.txt": `data:text/plain,${encodeURIComponent("in the file")}` };
    expect(finalOf(await run({ do: "given" }, { files, env_vars: user }))).toBe("in the file");
    const again = { "given.txt": "data:text/plain,another" };
    expect(finalOf(await run({ do: "given" }, { files: again, env_vars: user }))).toBe("another");
    const secret = await run({ do: "secret" }, { env_vars: { ...user, MY_SECRET: "sesame-open" } });
    expect(JSON.stringify(secret)).not.toContain("sesame-open");
    expect(finalOf(secret)).toBe("[MY_SECRET_REDACTED]");
    expect(finalOf(await run({}, { env_vars: user }))).toMatchObject({ secret: false });
  });

  it("fails when the program fails or its process dies, and the next one finds a new process", async () => {
    const user = { env_vars: { CHARM_USER_ID: randomUUID() } };
    const failed = await run({ do: "fail" }, user);
    expect(failed.find(({ type }) => type === "error")?.["content"]).toContain("kaboom");
    const died = await run({ do: "die" }, user);
    expect(died.find(({ type }) => type === "error")).toBeDefined();
    expect(died.at(-1)).toMatchObject({ type: "internal_run_finished", content: { exit_code: 3 } });
    expect(finalOf(await run({}, user))).toMatchObject({ count: 1 });
  });

  it("finds the volume as the runs before left it, in whatever process", async () => {
    const agent = await pushDaemon();
    const fields = { agent_id: agent };
    await run({ do: "note", text: "kept" }, fields);
    bodyOf(await charm.api.post(`${ofAgent(agent)}/stop`), 200, objectSchema);
    expect(await status(agent)).toMatchObject({ state: "stopped", db_status: "paused" });
    expect(finalOf(await run({ do: "read" }, fields))).toBe("kept");
    expect(await status(agent)).toMatchObject({ state: "started", db_status: "running" });
  });
});

describe("controlling a daemon", () => {
  const control = async (agent: string, fields: object = {}, query = "") =>
    bodyOf(
      await charm.api.post(`${ofAgent(agent)}/control${query}`, { agent_id: agent, ...fields }),
      200,
      objectSchema,
    );

  it("goes from nothing to started, paused, restarted and terminated", async () => {
    const agent = await pushDaemon();
    expect(await status(agent)).toEqual({ available: true, exists: false, status: "not_created" });
    expect(await control(agent, { action: "pause" })).toMatchObject({ success: false, error: expect.any(String) });
    expect(await control(agent, { action: "terminate" })).toMatchObject({ success: false });

    const started = bodyOf(await charm.api.post(`${ofAgent(agent)}/start`), 200, objectSchema);
    expect(started).toMatchObject({ success: true, action: "started", exists: true, state: "started" });
    expect(started).toMatchObject({ machine_id: expect.any(String), volume_id: expect.any(String), agent_id: agent });
    expect(await control(agent, { action: "terminate" })).toMatchObject({ success: false, requires_stop: true });
    expect(await control(agent, {}, "?action=restart")).toMatchObject({ success: true, action: "restarted" });
    await run({ do: "note", text: "gone soon" }, { agent_id: agent });
    expect(await control(agent, { action: "pause" })).toMatchObject({
      success: true,
      action: "paused",
      state: "stopped",
    });
    expect(bodyOf(await charm.api.post(`${ofAgent(agent)}/stop`), 200, objectSchema)).toMatchObject({ success: true });
    expect(await control(agent, { action: "terminate" })).toEqual({ success: true, action: "terminated" });
    expect(await status(agent)).toMatchObject({ exists: false });
    expect(finalOf(await run({ do: "read" }, { agent_id: agent }))).toBe("nothing");
  });

  it("names what it knows when no action or an unknown one is given", async () => {
    expect(await control(agentId)).toMatchObject({ success: false, error: expect.stringContaining("pause") });
    expect(await control(agentId, { action: "explode" })).toMatchObject({ success: false });
    expect(await control(agentId, { agent_id: await pushDaemon(), action: "pause" })).toMatchObject({ success: false });
    expect(problemsOf(await charm.api.post(`${ofAgent()}/control`, {}))).toEqual(["body.agent_id missing"]);
    expect(problemsOf(await charm.api.post(`${ofAgent()}/control`))).toEqual(["body missing"]);
  });

  it("fails the run that it stops, and cancels one that is cancelled", async () => {
    const agent = await pushDaemon();
    const open = () =>
      charm.api.open("POST", "/charm/v1/execute", {
        agent_id: agent,
        version: "1.0.0",
        input_payload: { do: "sleep" },
        lifecycle: "daemon",
      });
    const sleeping = await open();
    await untilState(agent, "started");
    await charm.api.post(`${ofAgent(agent)}/stop`);
    const events = await eventsOf(sleeping);
    expect(events.find(({ type }) => type === "error")?.["content"]).toContain("stopped");
    const second = await open();
    const runId = second.headers.get("x-run-id") ?? "";
    await untilState(agent, "started");
    expect((await charm.api.post(`/charm/v1/runs/${runId}/cancel`)).status).toBe(200);
    expect((await eventsOf(second)).at(-1)).toMatchObject({
      type: "internal_run_finished",
      content: { exit_code: 130 },
    });
    expect(finalOf(await run({}, { agent_id: agent }))).toMatchObject({ count: 1 });
  });

  it("says why a daemon does not come up", async () => {
    const agent = await pushDaemon("raise ValueError('broken at birth')\n");
    const answer = bodyOf(await charm.api.post(`${ofAgent(agent)}/start`), 200, objectSchema);
    expect(answer).toMatchObject({ success: false, error: expect.stringContaining("broken at birth") });
    const events = await run({}, { agent_id: agent });
    expect(events.find(({ type }) => type === "error")?.["content"]).toContain("broken at birth");
    await charm.api.post(`${ofAgent(agent)}/stop`);
  });
});

/** Reads the status until it is so; the test's own time limit ends a wait that is in vain. */
async function untilState(agent: string, state: string): Promise<void> {
  while ((await status(agent))["state"] !== state);
}

describe("creating and listing daemons", () => {
  it("creates one for an agent, and starts the same again", async () => {
    const agent = await pushDaemon();
    const made = bodyOf(await charm.api.post(`/charm/v1/daemons?agent_id=${agent}`), 201, objectSchema);
    expect(made).toMatchObject({ success: true, exists: true, state: "started", agent_id: agent });
    const again = bodyOf(await charm.api.post(`/charm/v1/daemons?agent_id=${agent}`), 201, objectSchema);
    expect(again["machine_id"]).toBe(made["machine_id"]);
    const list = bodyOf(await charm.api.get("/charm/v1/daemons?limit=1"), 200, z.array(objectSchema));
    expect(list).toEqual([expect.objectContaining({ machine_id: made["machine_id"], agent_id: agent })]);
    expect(problemsOf(await charm.api.post("/charm/v1/daemons"))).toEqual(["query.agent_id missing"]);
  });

  it("refuses an agent that is no program, and one that does not exist", async () => {
    const chat = { name: "Chat", model: "scripted/model", systemPrompt: "You talk." };
    const { id } = bodyOf(await charm.api.post("/v1/agents", chat), 201, z.looseObject({ id: z.string() }));
    expect(id).toMatch(/^agt_/);
    for (const unknown of [randomUUID(), "nobody", id]) {
      detailOf(await charm.api.post(`/charm/v1/daemons?agent_id=${unknown}`), 404);
      detailOf(await charm.api.get(`${ofAgent(unknown)}/status`), 404);
      detailOf(await charm.api.post(`${ofAgent(unknown)}/start`), 404);
      detailOf(await charm.api.post(`${ofAgent(unknown)}/stop`), 404);
      detailOf(await charm.api.post(`${ofAgent(unknown)}/control`, { agent_id: unknown, action: "pause" }), 404);
    }
  });
});

describe("daemons of others", () => {
  it("do not exist", async () => {
    await charm.api.post(`${ofAgent()}/start`);
    detailOf(await stranger.get(`${ofAgent()}/status`), 404);
    for (const verb of ["start", "stop"]) detailOf(await stranger.post(`${ofAgent()}/${verb}`), 404);
    detailOf(await stranger.post(`${ofAgent()}/control`, { agent_id: agentId, action: "pause" }), 404);
    detailOf(await stranger.post(`/charm/v1/daemons?agent_id=${agentId}`), 404);
    expect(bodyOf(await stranger.get("/charm/v1/daemons"), 200, z.array(objectSchema))).toEqual([]);
    expect(await status()).toMatchObject({ state: "started" });
  });

  it("need a key, and a key that may", async () => {
    detailOf(await charm.nobody.get(`${ofAgent()}/status`), 401);
    detailOf(await charm.nobody.post(`${ofAgent()}/start`), 401);
    const reader = await charm.withScopes("agents:read");
    expect((await reader.get(`${ofAgent()}/status`)).status).toBe(200);
    for (const verb of ["start", "stop"]) detailOf(await reader.post(`${ofAgent()}/${verb}`), 403);
    detailOf(await reader.post(`${ofAgent()}/control`, { agent_id: agentId, action: "pause" }), 403);
    detailOf(await reader.post(`/charm/v1/daemons?agent_id=${agentId}`), 403);
    const runner = await charm.withScopes("agents:execute");
    detailOf(await runner.get(`${ofAgent()}/status`), 403);
    detailOf(await runner.get("/charm/v1/daemons"), 403);
  });
});
