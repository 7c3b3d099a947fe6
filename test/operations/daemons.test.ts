import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CodeDefinition } from "../../src/contract/agent.ts";
import { RunyardError } from "../../src/contract/errors.ts";
import { newId } from "../../src/contract/ids.ts";
import { createAgent } from "../../src/operations/create-agent.ts";
import { createDaemonRecords, readWantedDaemons } from "../../src/operations/daemon-records.ts";
import { deleteAgent } from "../../src/operations/delete-agent.ts";
import { getDaemon } from "../../src/operations/get-daemon.ts";
import { listDaemons } from "../../src/operations/list-daemons.ts";
import { restartDaemon } from "../../src/operations/restart-daemon.ts";
import { startDaemon } from "../../src/operations/start-daemon.ts";
import { stopDaemon } from "../../src/operations/stop-daemon.ts";
import { terminateDaemon } from "../../src/operations/terminate-daemon.ts";
import { updateAgent } from "../../src/operations/update-agent.ts";
import { databaseKinds } from "../support/test-database.ts";
import {
  chatDefinition,
  failure,
  newestFirst,
  startTestOperations,
  type TestOperations,
  storeFile,
} from "./test-operations.ts";

/** Without a bundle. */
const program: CodeDefinition = {
  runtime: "code",
  name: "Program",
  description: "",
  adapter: "python",
  lifecycle: "daemon",
  timeoutMs: 1000,
  memoryBytes: 1_000_000,
  environmentNames: [],
  onCrash: "fail",
  metadata: {},
};

describe.each(databaseKinds)("daemons on %s", (kind) => {
  let operations: TestOperations;
  beforeAll(async () => {
    operations = await startTestOperations(kind);
  });
  afterAll(async () => operations[Symbol.asyncDispose]());
  /** An agent of code, with any bytes for a bundle: nothing unpacks them here. */
  async function agent(): Promise<string> {
    const { parts, first } = operations;
    const upload = { name: "bundle.tar.gz", type: "application/gzip", content: Readable.from([Buffer.from("bytes")]) };
    const { sha256, sizeBytes } = await storeFile(parts, first, upload);
    const bundle = { sha256, sizeBytes, contentSha256: sha256 };
    return (await createAgent(parts, first, { ...program, bundle })).id;
  }

  test("are made, stopped, restarted and terminated by steering their supervisor", async () => {
    const { parts, first, supervision } = operations;
    const id = await agent();
    const user = { userId: "u-1" };
    expect(await getDaemon(parts, first, id, user)).toBeUndefined();
    for (const call of [stopDaemon, restartDaemon, terminateDaemon]) {
      await expect(call(parts, first, id, user)).rejects.toThrow(failure("daemon_not_found"));
    }
    const started = await startDaemon(parts, first, id, user);
    expect(started).toMatchObject({ agentId: id, userId: "u-1", wanted: "running", state: "started", restarts: 0 });
    await expect(terminateDaemon(parts, first, id, user)).rejects.toThrow(failure("daemon_not_stopped"));
    expect(await restartDaemon(parts, first, id, user)).toMatchObject({ id: started.id, state: "started" });
    expect(await stopDaemon(parts, first, id, user)).toMatchObject({ wanted: "paused", state: "stopped" });
    expect(await startDaemon(parts, first, id, user)).toMatchObject({ id: started.id, wanted: "running" });
    await stopDaemon(parts, first, id, user);
    await terminateDaemon(parts, first, id, user);
    expect(await getDaemon(parts, first, id, user)).toBeUndefined();
    const verbs = supervision.calls.filter((call) => call.endsWith(`${id} u-1`)).map((call) => call.split(" ")[0]);
    expect(verbs).toEqual(["start", "restart", "stop", "start", "stop", "terminate"]);
  });

  test("need an active agent of code with a bundle, and a sandbox", async () => {
    const { parts, first, supervision } = operations;
    const start = (id: string) => startDaemon(parts, first, id);
    await expect(start(newId())).rejects.toThrow(failure("agent_not_found"));
    await expect(start((await createAgent(parts, first, chatDefinition())).id)).rejects.toThrow(
      failure("unprocessable"),
    );
    await expect(start((await createAgent(parts, first, program)).id)).rejects.toThrow(failure("bundle_missing"));
    const id = await agent();
    supervision.problem = "There is no sandbox.";
    await expect(start(id)).rejects.toThrow(failure("sandbox_unavailable"));
    await expect(getDaemon(parts, first, id)).rejects.toThrow(failure("sandbox_unavailable"));
    supervision.problem = undefined;
    await updateAgent(parts, first, id, { status: "paused" });
    await expect(start(id)).rejects.toThrow(failure("agent_paused"));
    expect(await getDaemon(parts, first, id)).toBeUndefined();
  });

  test("that do not come up are there all the same, with why", async () => {
    const { parts, first, supervision } = operations;
    const id = await agent();
    supervision.failure = new RunyardError("preparation_failed", "No such package.");
    await expect(startDaemon(parts, first, id)).rejects.toThrow(failure("preparation_failed"));
    const records = createDaemonRecords(parts, (error) => expect.fail(String(error)));
    const key = { organizationId: first.organization.id, agentId: id, userId: "local_dev" };
    records.note(key, { state: "stopped", error: { code: "preparation_failed", message: "No such package." } });
    await records.want(key); // behind the note
    const daemon = await getDaemon(parts, first, id);
    expect(daemon).toMatchObject({ wanted: "running", state: "stopped", lastError: { message: "No such package." } });
    records.note(key, { state: "started", restarted: true, error: null, isActive: true });
    await records.want(key);
    expect(await getDaemon(parts, first, id)).toMatchObject({ state: "started", restarts: 1, lastError: undefined });
  });

  test("that are wanted and not asleep are brought up by the next server", async () => {
    const { parts, first } = operations;
    const organizationId = first.organization.id;
    const [running, asleep, paused, gone] = [await agent(), await agent(), await agent(), await agent()];
    const records = createDaemonRecords(parts, (error) => expect.fail(String(error)));
    for (const agentId of [running, asleep, paused, gone]) await startDaemon(parts, first, agentId);
    records.note({ organizationId, agentId: asleep, userId: "local_dev" }, { state: "suspended" });
    await records.want({ organizationId, agentId: running, userId: "local_dev" }); // behind the note
    await stopDaemon(parts, first, paused);
    await deleteAgent(parts, first, gone);
    const wanted = await readWantedDaemons(parts);
    const ours = wanted.filter(({ agentId }) => [running, asleep, paused, gone].includes(agentId));
    expect(ours).toEqual([{ organizationId, agentId: running, userId: "local_dev" }]);
    const current = await records.currentVersion({ organizationId, agentId: running, userId: "local_dev" });
    expect(current).toMatch(/^[0-9a-f-]{36}$/);
  });

  test("belong to their organization, and need a key that may execute", async () => {
    const { parts, first } = operations;
    const stranger = await operations.stranger();
    const id = await agent();
    const { id: daemonId } = await startDaemon(parts, first, id);
    await expect(getDaemon(parts, stranger, id)).rejects.toThrow(failure("agent_not_found"));
    await expect(startDaemon(parts, stranger, id)).rejects.toThrow(failure("agent_not_found"));
    for (const call of [stopDaemon, restartDaemon, terminateDaemon]) {
      await expect(call(parts, stranger, id)).rejects.toThrow(failure("daemon_not_found"));
    }
    expect((await listDaemons(parts, stranger, newestFirst)).items).toEqual([]);
    expect((await listDaemons(parts, first, newestFirst)).items[0]?.id).toBe(daemonId);
    const reader = { ...first, scopes: new Set(["agents:read"] as const) };
    expect(await getDaemon(parts, reader, id)).toMatchObject({ id: daemonId });
    for (const call of [startDaemon, stopDaemon, restartDaemon, terminateDaemon]) {
      await expect(call(parts, reader, id)).rejects.toThrow(failure("insufficient_scope"));
    }
  });
});
