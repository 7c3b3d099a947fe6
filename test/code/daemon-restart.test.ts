import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadSettings } from "../../src/config/load-settings.ts";
import { createPlatform, type Platform } from "../../src/platform.ts";
import { manifestOf, projectBundle } from "../api/charm/bundle.ts";
import { type CharmApi, charmApi, eventsOf, type RunEvent } from "../api/charm/charm-api.ts";
import { register, upload } from "../api/charm/push.ts";
import { makeBundle } from "../support/make-bundle.ts";

const key = "ya_test_daemon_restart_key";

const source = `
import os
count = 0

def run(inputs):
    global count
    count += 1
    path = os.environ["CHARM_WORKSPACE_DIR"] + "/runs.txt"
    with open(path, "a") as file:
        file.write("x")
    return {"count": count, "volume": len(open(path).read())}
`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "runyard-daemon-restart-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function start(env: Record<string, string> = {}): Promise<{ platform: Platform; api: CharmApi }> {
  const settings = await loadSettings({
    env: {
      RUNYARD_DATA_DIR: folder,
      RUNYARD_PORT: "0",
      RUNYARD_LOG_LEVEL: "silent",
      RUNYARD_DRAIN_TIMEOUT_MS: "1000",
      RUNYARD_API_KEY: key,
      ...env,
    },
    directory: folder,
  });
  const platform = await createPlatform(settings);
  return { platform, api: charmApi(platform.url, key) };
}

async function run(api: CharmApi, agentId: string, payload: object = {}): Promise<RunEvent[]> {
  const request = { agent_id: agentId, version: "1.0.0", input_payload: payload, lifecycle: "daemon" };
  return eventsOf(await api.open("POST", "/charm/v1/execute", request));
}

const finalOf = (events: readonly RunEvent[]): unknown => events.find(({ type }) => type === "final")?.["content"];

/** Reads the status until it is so; the test's own time limit ends a wait that is in vain. */
async function untilState(api: CharmApi, agentId: string, state: string): Promise<void> {
  for (;;) {
    const { body } = await api.get(`/charm/v1/daemon/${agentId}/status`);
    if ((body as { state: string }).state === state) return;
  }
}

describe("a daemon, over restarts of the server", () => {
  test("is up again when it was wanted, with its volume; one that was paused is not", async () => {
    const kept = manifestOf({ lifecycle: "daemon" });
    const paused = manifestOf({ lifecycle: "daemon" });
    const before = await start();
    for (const manifest of [kept, paused]) {
      const path = await upload(before.api, await projectBundle(manifest, source));
      expect((await register(before.api, manifest, path)).status).toBe(201);
      expect(finalOf(await run(before.api, manifest.id))).toEqual({ count: 1, volume: 1 });
    }
    expect(finalOf(await run(before.api, kept.id))).toEqual({ count: 2, volume: 2 });
    await before.api.post(`/charm/v1/daemon/${paused.id}/stop`);
    await before.platform.close();

    const after = await start();
    await untilState(after.api, kept.id, "started");
    const { body } = await after.api.get(`/charm/v1/daemon/${paused.id}/status`);
    expect(body).toMatchObject({ state: "stopped", db_status: "paused" });
    expect(finalOf(await run(after.api, kept.id))).toEqual({ count: 1, volume: 3 });
    await after.platform.close();
  });

  test("that is put to sleep for want of work is started by the next run, not by the next server", async () => {
    const manifest = manifestOf({ lifecycle: "daemon" });
    const before = await start({ RUNYARD_DAEMON_IDLE_MINUTES: "0.01" });
    const path = await upload(before.api, await projectBundle(manifest, source));
    expect((await register(before.api, manifest, path)).status).toBe(201);
    await run(before.api, manifest.id);
    await untilState(before.api, manifest.id, "suspended");
    await before.platform.close();
    const after = await start();
    const { body } = await after.api.get(`/charm/v1/daemon/${manifest.id}/status`);
    expect(body).toMatchObject({ state: "suspended", db_status: "running" });
    expect(finalOf(await run(after.api, manifest.id))).toEqual({ count: 1, volume: 2 });
    await after.platform.close();
  });
});

describe("a daemon of a Node agent", () => {
  test("keeps one sandbox with one volume, and runs the command for each run in it", async () => {
    const adapter = { type: "node", entry_point: "node main.js" };
    const manifest = manifestOf({ lifecycle: "daemon", adapter });
    const program = `
      const fs = require("node:fs");
      const input = JSON.parse(fs.readFileSync(process.env.CHARM_INPUT_FILE, "utf8"));
      fs.appendFileSync("/tmp/of-the-sandbox", "x");
      if (input.fail) process.exit(7);
      console.log(input.text + " " + fs.readFileSync("/tmp/of-the-sandbox", "utf8").length);
    `;
    const { platform, api } = await start();
    const bundle = await makeBundle({ "charm.yaml": JSON.stringify(manifest), "main.js": program });
    expect((await register(api, manifest, await upload(api, bundle))).status).toBe(201);
    expect(finalOf(await run(api, manifest.id, { text: "first" }))).toBe("first 1");
    expect(finalOf(await run(api, manifest.id, { text: "second" }))).toBe("second 2");
    const failed = await run(api, manifest.id, { fail: true });
    expect(failed.find(({ type }) => type === "error")?.["content"]).toContain("7");
    expect(failed.at(-1)).toMatchObject({ content: { exit_code: 7 } });
    expect(finalOf(await run(api, manifest.id, { text: "third" }))).toBe("third 4");
    await platform.close();
  });
});
