import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { upgradeSchema, versionsSchema } from "../../../src/http/dialects/charm/schemas/agent.ts";
import { manifestOf } from "./bundle.ts";
import { bodyOf, detailOf, eventsOf, problemsOf, type RunEvent } from "./charm-api.ts";
import { type CharmPlatform, startCharmPlatform } from "./charm-platform.ts";
import { push } from "./push.ts";

/** Keeps what it is told in its workspace, and says what is there. */
const source = (version: string) => `
import os

def run(inputs):
    path = os.path.join(os.environ["CHARM_WORKSPACE_DIR"], "note.txt")
    if inputs.get("note"):
        open(path, "w").write(inputs["note"])
    return "${version}:" + (open(path).read() if os.path.exists(path) else "nothing")
`;

let charm: CharmPlatform;
beforeAll(async () => {
  charm = await startCharmPlatform();
});
afterAll(() => charm[Symbol.asyncDispose]());

async function pushed(...versions: string[]): Promise<string> {
  const id = randomUUID();
  for (const version of versions) {
    const { answer } = await push(charm.api, manifestOf({ id, version }), source(version));
    expect(answer.status, answer.text).toBe(201);
  }
  return id;
}

async function run(agentId: string, version: string, note?: string): Promise<unknown> {
  const body = { agent_id: agentId, version, input_payload: note === undefined ? {} : { note }, thread_id: "t-1" };
  const events = await eventsOf(await charm.api.open("POST", "/charm/v1/execute", body));
  return events.find(({ type }) => type === "final")?.["content"];
}

const upgrade = (agentId: string, version: string) =>
  charm.api.post("/charm/v1/upgrade", { agent_id: agentId, version });

async function rollback(agentId: string): Promise<RunEvent[]> {
  return eventsOf(await charm.api.open("POST", "/charm/v1/rollback", { agent_id: agentId }));
}

async function current(agentId: string): Promise<string> {
  return bodyOf(await charm.api.get(`/charm/v1/versions/${agentId}`), 200, versionsSchema).current_version;
}

describe("an upgrade", () => {
  it("moves the current version once the workspace is saved, and a rollback takes both back", async () => {
    const id = await pushed("1.0.0", "1.1.0");
    expect(await run(id, "1.0.0", "before")).toBe("1.0.0:before");
    const upgraded = bodyOf(await upgrade(id, "1.1.0"), 200, upgradeSchema);
    expect(upgraded).toMatchObject({ success: true, agent_id: id, from_version: "1.0.0", to_version: "1.1.0" });
    expect(upgraded.run_id).toEqual(expect.any(String));
    expect(await current(id)).toBe("1.1.0");
    expect(await run(id, "1.1.0", "after")).toBe("1.1.0:after");

    const events = await rollback(id);
    expect(events[0]).toMatchObject({ type: "status" });
    expect(events.slice(-2)).toEqual([
      { type: "final", content: "ROLLBACK_RESTORE_COMPLETE", format: "markdown" },
      { type: "internal_run_finished", content: { exit_code: 0 } },
    ]);
    expect(await current(id)).toBe("1.0.0");
    expect(await run(id, "1.0.0")).toBe("1.0.0:before");
  });

  it("to the version that is current changes nothing and leaves no history", async () => {
    const id = await pushed("1.0.0");
    const same = bodyOf(await upgrade(id, "1.0.0"), 200, upgradeSchema);
    expect(same).toMatchObject({ from_version: "1.0.0", to_version: "1.0.0", run_id: null });
    expect((await rollback(id)).at(-1)).toMatchObject({ content: { exit_code: 1 } });
  });

  it("to a version that is not there changes nothing", async () => {
    const id = await pushed("1.0.0");
    expect(detailOf(await upgrade(id, "7.0.0"), 404)).toContain("7.0.0");
    detailOf(await upgrade(randomUUID(), "1.0.0"), 404);
    expect(problemsOf(await charm.api.post("/charm/v1/upgrade", { version: 1 }))).toEqual([
      "body.agent_id missing",
      "body.version string_type",
    ]);
    expect(await current(id)).toBe("1.0.0");
  });

  it("twice at once leaves a history that leads back to the beginning", async () => {
    const id = await pushed("1.0.0", "2.0.0", "3.0.0");
    const answers = await Promise.all([upgrade(id, "2.0.0"), upgrade(id, "3.0.0")]);
    const good = answers.filter(({ status }) => status === 200).length;
    expect(good).toBeGreaterThan(0);
    for (const answer of answers) expect([200, 409]).toContain(answer.status);
    for (let count = 0; count < good; count += 1) await rollback(id);
    expect(await current(id)).toBe("1.0.0");
    expect((await rollback(id)).at(-1)).toMatchObject({ content: { exit_code: 1 } });
  });

  it("of an adapter that upgrades itself is refused with words", async () => {
    const id = randomUUID();
    const adapter = { type: "openclaw" };
    await push(charm.api, manifestOf({ id, version: "1.0.0", adapter }));
    await push(charm.api, manifestOf({ id, version: "1.1.0", adapter }));
    const answer = await upgrade(id, "1.1.0");
    expect(answer.status).toBe(422);
    expect(answer.text).toContain("openclaw");
    expect(await current(id)).toBe("1.0.0");
  });
});

describe("a rollback", () => {
  it("without anything to go back to says so in its stream", async () => {
    const id = await pushed("1.0.0");
    expect(await rollback(id)).toEqual([
      { type: "error", content: expect.any(String) },
      { type: "internal_run_finished", content: { exit_code: 1 } },
    ]);
  });

  it("goes back one upgrade at a time", async () => {
    const id = await pushed("1.0.0", "2.0.0", "3.0.0");
    await upgrade(id, "2.0.0");
    await upgrade(id, "3.0.0");
    await rollback(id);
    expect(await current(id)).toBe("2.0.0");
    await charm.api.patch(`/charm/v1/agents/${id}`, { name: "Renamed in between" });
    await rollback(id);
    expect(await current(id)).toBe("1.0.0");
  });

  it("of an agent that is not there, or without its id, is refused before the stream", async () => {
    detailOf(await charm.api.post("/charm/v1/rollback", { agent_id: randomUUID() }), 404);
    expect(problemsOf(await charm.api.post("/charm/v1/rollback", {}))).toEqual(["body.agent_id missing"]);
  });
});
