import { readdir } from "node:fs/promises";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newId } from "../../src/contract/ids.ts";
import { createAgent } from "../../src/operations/create-agent.ts";
import { createKey } from "../../src/operations/create-key.ts";
import { createOrganization } from "../../src/operations/create-organization.ts";
import { deleteFile } from "../../src/operations/delete-file.ts";
import type { Caller } from "../../src/operations/operations.ts";
import { sweepRetention } from "../../src/operations/sweep-retention.ts";
import { toStatement } from "../../src/store/database.ts";
import { databaseKinds } from "../support/test-database.ts";
import { chatDefinition, startTestOperations, type TestOperations, withKey, storeFile } from "./test-operations.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

describe.each(databaseKinds)("retention on %s", (kind) => {
  let operations: TestOperations;
  beforeAll(async () => {
    operations = await startTestOperations(kind, { run: true });
  });
  afterAll(async () => operations[Symbol.asyncDispose]());

  async function addConversation(caller: Caller, idleDays: number): Promise<string> {
    const id = newId();
    const at = operations.time - idleDays * dayMs;
    const row = operations.parts.database.builder.insertInto("conversation").values({
      id,
      organization_id: caller.organization.id,
      agent_id: newId(),
      session: "{}",
      created_at: at,
      last_active_at: at,
    });
    await operations.parts.database.write([toStatement(row)]);
    return id;
  }

  async function addEnded(status: string, endedHoursAgo: number, types: string[]): Promise<string> {
    const { builder } = operations.parts.database;
    const id = newId();
    const at = operations.time - endedHoursAgo * hourMs;
    const row = builder.insertInto("execution").values({
      id,
      organization_id: operations.organization.id,
      program: "chat",
      agent_id: newId(),
      agent_version_id: null,
      conversation_id: null,
      queue_key: null,
      parent_id: null,
      parent_wait: null,
      status,
      attempt: 1,
      last_seq: types.length,
      queued_reason: "first",
      run_at: at,
      metadata: "{}",
      created_at: at,
      finished_at: at,
      reserved_nano_usd: 0,
    });
    const events = types.map((type, index) =>
      builder
        .insertInto("event")
        .values({ execution_id: id, seq: index + 1, attempt: 1, step: 0, type, body: "{}", at }),
    );
    await operations.parts.database.write([toStatement(row), ...events.map((event) => toStatement(event))]);
    return id;
  }

  async function typesOf(executionId: string): Promise<string[]> {
    const { builder } = operations.parts.database;
    const query = builder.selectFrom("event").select("type").where("execution_id", "=", executionId).orderBy("seq");
    return (await operations.parts.database.read(toStatement(query))).map((row) => String(row["type"]));
  }

  async function isDropped(executionId: string): Promise<boolean> {
    const { builder } = operations.parts.database;
    const query = builder.selectFrom("execution").select("log_dropped_at").where("id", "=", executionId);
    return (await operations.parts.database.read(toStatement(query)))[0]?.["log_dropped_at"] !== null;
  }

  test("conversations go when they were idle for longer than the plan says, test twins included", async () => {
    const { parts, first } = operations;
    const { key } = await createOrganization(parts, first, { name: "Starters", plan: "starter" });
    const starter = await operations.callerOf(key);
    const test = await createKey(parts, starter, { name: "T", environment: "test" });
    const tester = await operations.callerOf(test.key);
    const kept = [await addConversation(starter, 89), await addConversation(first, 5000)];
    for (let count = 0; count < 120; count += 1) await addConversation(starter, 91);
    await addConversation(tester, 91);
    expect(await sweepRetention(parts)).toMatchObject({ conversations: 121 });
    const rows = await parts.database.read({ sql: "select id from conversation", params: [], returnsRows: true });
    expect(rows.map((row) => row["id"]).toSorted()).toEqual(kept.toSorted());
    expect(await sweepRetention(parts)).toMatchObject({ conversations: 0 });
  });

  test("a log is thinned a day after the end, to what the execution shows", async () => {
    const types = [
      "execution-queued",
      "reasoning-delta",
      "text-delta",
      "model-called",
      "step-finished",
      "tool-call-finished",
      "execution-completed",
    ];
    const young = await addEnded("completed", 23, types);
    const old = await addEnded("completed", 25, types);
    const cancelled = await addEnded("cancelled", 25, types);
    const report = await sweepRetention(operations.parts, { keepLogHours: 1 });
    expect(report.logs).toBe(2);
    expect(await typesOf(young)).toEqual(types);
    expect(await isDropped(young)).toBe(false);
    expect(await typesOf(old)).toEqual([
      "execution-queued",
      "model-called",
      "tool-call-finished",
      "execution-completed",
    ]);
    expect(await typesOf(cancelled)).toContain("text-delta");
    expect(await isDropped(old)).toBe(true);
    expect((await sweepRetention(operations.parts)).logs).toBe(0);
  });

  test("a long log goes in parts, and a sweep that is stopped goes on later", async () => {
    const long = await addEnded("failed", 30, [
      "execution-queued",
      ...Array.from({ length: 1200 }, () => "step-finished"),
    ]);
    expect((await sweepRetention(operations.parts, { signal: AbortSignal.abort() })).logs).toBe(0);
    expect(await typesOf(long)).toHaveLength(1201);
    expect((await sweepRetention(operations.parts)).logs).toBe(1);
    expect(await typesOf(long)).toEqual(["execution-queued"]);
  });

  test("answers to idempotency keys go after a day, counts of requests after theirs", async () => {
    const { parts, first } = operations;
    await createAgent(
      parts,
      withKey(first, "swept", () => null),
      chatDefinition(),
    );
    const { builder } = parts.database;
    const today = new Date(operations.time).toISOString().slice(0, 10);
    for (const day of ["2020-01-01", today]) {
      await parts.database.write([
        toStatement(builder.insertInto("request_count").values({ key_id: newId(), day, count: 1 })),
      ]);
    }
    expect(await sweepRetention(parts)).toMatchObject({ idempotencyKeys: 0, requestCounts: 1 });
    operations.time += dayMs + 1;
    expect(await sweepRetention(parts)).toMatchObject({ idempotencyKeys: 1 });
  });

  test("bytes whose file was never committed are found by their note", async () => {
    const { parts, first } = operations;
    const upload = (text: string) =>
      storeFile(parts, first, { name: "a", type: "text/plain", content: Readable.from([text]) });
    const kept = await upload("kept");
    // As if the process died between placing the bytes and committing the file.
    const refused = withKey(first, "file", () => {
      throw new Error("the process died");
    });
    await expect(
      storeFile(parts, refused, { name: "a", type: "text/plain", content: Readable.from(["lost"]) }),
    ).rejects.toThrow("the process died");
    const bytes = async () =>
      (await readdir(operations.blobFolder, { recursive: true, withFileTypes: true })).filter((entry) =>
        entry.isFile(),
      );
    expect(await bytes()).toHaveLength(2);
    operations.time += hourMs;
    expect((await sweepRetention(parts)).blobs).toBe(0);
    operations.time += 1;
    expect((await sweepRetention(parts)).blobs).toBe(1);
    expect(await bytes()).toHaveLength(1);
    await deleteFile(parts, first, kept.id);
    expect(await bytes()).toEqual([]);
  });
});
