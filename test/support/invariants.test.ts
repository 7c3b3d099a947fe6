// Plants a violation of each invariant and sees the checker find it.
import { copyFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findMissingDaemons } from "../../scripts/drill/daemons-up.ts";
import { DrillClient } from "../../scripts/drill/drill-client.ts";
import { Executor } from "../../scripts/drill/executor.ts";
import { JobLoad } from "../../scripts/drill/job-load.ts";
import { createRandom } from "../../scripts/drill/random.ts";
import { createTenant, type Tenant } from "../../scripts/drill/tenants.ts";
import { z } from "zod";
import { loadSettings } from "../../src/config/load-settings.ts";
import { createPlatform } from "../../src/platform.ts";
import { openSqlite } from "../../src/store/dialects/sqlite/open-sqlite.ts";
import { checkInvariants, type InvariantsReport } from "./invariants.ts";
import { type ClientNote, type Ledgers, readJsonLines } from "./invariants/ledgers.ts";
import { type ProgramMark, readProgramMarks } from "./invariants/program-marks.ts";
import { openReader } from "./invariants/reader.ts";
import { testDatabaseUrl } from "./postgres.ts";
import { createScriptedModel } from "./scripted-model.ts";
import { type LedgerEntry, startToolServer } from "./tool-server.ts";
import { type SinkEntry, startWebhookSink } from "./webhook-sink.ts";

const conversationSchema = z.object({ conversationId: z.string() });
const firstKey = "rk-invariants-0123456789";

let folder: string;
let database: string;
let ledgers: Ledgers;
let plants = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "runyard-test-"));
  database = join(folder, "runyard.db");
  ledgers = await runServer(folder, database, {});
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** Lets a server do some work of each kind until it is at rest. */
async function runServer(directory: string, at: string, environment: Record<string, string>): Promise<Ledgers> {
  await using parts = new AsyncDisposableStack();
  const model = parts.use(await createScriptedModel());
  const toolLedger = join(directory, "tools.jsonl");
  const sinkLedger = join(directory, "webhooks.jsonl");
  const tools = parts.use(await startToolServer({ ledgerFile: toolLedger }));
  const sink = parts.use(await startWebhookSink({ ledgerFile: sinkLedger }));
  const settings = await loadSettings({
    env: {
      RUNYARD_DATA_DIR: directory,
      RUNYARD_PORT: "0",
      RUNYARD_API_KEY: firstKey,
      RUNYARD_LOG_LEVEL: "silent",
      OPENAI_API_KEY: "sk-scripted",
      OPENAI_BASE_URL: model.openAiBaseUrl,
      RUNYARD_ALLOW_PRIVATE_NETWORK: [tools.url, sink.url].map((url) => new URL(url).host).join(),
      ...environment,
    },
    directory,
  });
  const platform = await createPlatform(settings);
  parts.defer(() => platform.close());
  const client = new DrillClient(platform.url);
  parts.defer(() => client.close());
  const common = { toolsUrl: tools.url, sinkUrl: sink.url, refusedShare: 0 };
  const limited = await createTenant(client, firstKey, { name: "limited", creditLimitUsd: 10, ...common });
  const free = await createTenant(client, firstKey, { name: "free", creditLimitUsd: null, ...common });
  const random = createRandom(7);
  const executor = new Executor(client, random);
  const jobs = new JobLoad(executor, random);
  for (const tenant of [limited, free]) {
    await work(client, tenant);
    await runPrograms(executor, tenant);
    await jobs.play(tenant, "job");
    await jobs.play(tenant, "schedule");
  }
  await untilAtRest(at);
  return {
    tools: readJsonLines<LedgerEntry>(toolLedger),
    webhooks: readJsonLines<SinkEntry>(sinkLedger),
    client: client.notes,
    jobs: client.jobNotes,
    programs: readProgramMarks(join(directory, "code")),
  };
}

/** Two turns of a conversation, tools, a failure, a cancelled execution and one that the client answers. */
async function work(client: DrillClient, tenant: Tenant): Promise<void> {
  const { agents, organizationId } = tenant;
  const key = (name: string) => `${name} ${organizationId}`;
  const path = (agent: keyof Tenant["agents"]) => `/v1/agents/${agents[agent]}/execute`;
  const stream = (agent: keyof Tenant["agents"], name: string, body: Record<string, unknown>) =>
    client.stream(tenant, { path: path(agent), body: { ...body, stream: true }, idempotencyKey: key(name) });

  await stream("plain", "first", { input: "one two three" });
  const { conversationId } = await conversationOf(client, tenant);
  await stream("plain", "second", { input: "four five six", conversationId });
  await stream("tools", "tools", { input: 'call lookup {"note":"a"} call book {"note":"b"}' });
  await stream("keeper", "keep", {
    input: 'call memory_write {"content":"kept"}',
    memoryStores: [tenant.memoryStoreId],
  });
  await stream("form", "form", { input: "no JSON" });
  const asked = await stream("asker", "ask", { input: 'call ask_user {"note":"c"}' });
  const paused = await client.get(tenant, asked?.executionId ?? "");
  await client.execute(tenant, {
    path: `/v1/executions/${paused.id}/tool-results`,
    body: { toolResults: paused.toolCalls.map(({ id }) => ({ toolCallId: id, result: "yes" })) },
    idempotencyKey: key("answer"),
    isAsync: false,
  });
  const left = await stream("asker", "left", { input: 'call ask_user {"note":"d"}' });
  await client.call(tenant.key, { method: "POST", path: `/v1/executions/${left?.executionId}/cancel` });
}

/** Runs by themselves, in a conversation and in a daemon, and one that fails. */
async function runPrograms(executor: Executor, tenant: Tenant): Promise<void> {
  const { code, daemons } = tenant;
  const input = () => ({ note: executor.newNote(), pieces: 3 });
  await executor.execute(tenant, code.pythonOnce, { input: input() });
  await executor.execute(tenant, code.pythonOnce, { input: { ...input(), fails: true } });
  await executor.execute(tenant, daemons.nodeAgain, { input: input() });
  const path = `/v1/agents/${code.pythonAgain}/execute`;
  const first = await executor.client.call(tenant.key, { method: "POST", path, body: { input: input() } });
  const { conversationId } = conversationSchema.parse(first.body);
  await executor.execute(tenant, code.pythonAgain, { input: input(), conversationId });
}

async function conversationOf(client: DrillClient, { key }: Tenant): Promise<{ conversationId: string }> {
  const { body } = await client.call(key, { method: "GET", path: "/v1/conversations" });
  const [, id] = /"id":"(conv_\w+)"/.exec(JSON.stringify(body)) ?? [];
  return { conversationId: id ?? "" };
}

async function untilAtRest(at: string): Promise<void> {
  for (;;) {
    await using reader = await openReader(at);
    const [row] = await reader.rows(
      `select (select count(*) from outbox) + (select count(*) from execution
        where status in ('queued', 'running', 'waiting')) as count`,
    );
    if (row?.["count"] === 0) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Checks a copy of the database after these statements. */
async function check(sql: string, seen: Ledgers = ledgers): Promise<InvariantsReport> {
  plants += 1;
  const copy = join(folder, `planted-${plants}.db`);
  await copyFile(database, copy);
  const planted = openSqlite(copy);
  planted.exec("pragma foreign_keys = off");
  planted.exec(sql);
  planted.close();
  return checkInvariants({ database: copy, ledgers: seen, atRest: true });
}

/** How often the schedules have run is a matter of time. */
const expectedCounts = { failed: 4, poison: 0, unknown: 0, jobs: 4 };

const anExecution = (where: string) => `(select min(id) from execution where agent_id is not null and ${where})`;
const completed = anExecution("status = 'completed' and program = 'chat'");
const versionOf = (onCrash: string) => `select id from agent_version where definition like '%"onCrash":"${onCrash}"%'`;
const once = anExecution(`status = 'completed' and agent_version_id in (${versionOf("fail")})`);
const again = anExecution(`status = 'completed' and agent_version_id in (${versionOf("rerun")})`);
const failedProgram = anExecution("status = 'failed' and program = 'code'");
const aJob = (where: string) => `(select min(id) from job where ${where})`;
const ofJob = (where: string) => `(select last_execution_id from job where id = ${aJob(where)})`;
const inTurns = anExecution(
  "program = 'chat' and conversation_id in (select conversation_id from execution group by 1 having count(*) = 2)",
);

/** Adds copies of these executions, with their logs, under ids that begin with an x. */
const copyExecutions = (where: string) => `insert into execution select 'x' || substr(id, 2), organization_id, program,
  agent_id, agent_version_id, conversation_id, queue_key, parent_id, parent_wait, status, attempt, last_seq, signals,
  crashes, queued_reason, run_at, wake_at, waiting_for, cancel_requested_at, metadata, created_at, finished_at,
  first_token_at, tool_calls, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens,
  cost_nano_usd, cost_unknown, reserved_nano_usd, log_dropped_at from execution where ${where};
  insert into event select 'x' || substr(execution_id, 2), seq, attempt, step, type, body, at from event
  where execution_id in (select id from execution where ${where} and id not like 'x%')`;
const withCost = anExecution("reserved_nano_usd > 0 and status = 'completed'");

it("finds nothing on what a server without crashes has left", async () => {
  const { violations, counts } = await check("");
  expect(violations).toEqual([]);
  expect(counts).toMatchObject(expectedCounts);
});

it("finds nothing beside a server that is not at rest", async () => {
  const { violations } = await checkInvariants({ database, ledgers, atRest: false });
  expect(violations).toEqual([]);
});

it("reads Postgres as well", async () => {
  await using place = await testDatabaseUrl();
  const directory = join(folder, "postgres");
  await mkdir(directory);
  const seen = await runServer(directory, place.url, { RUNYARD_DATABASE_URL: place.url });
  const { violations, counts } = await checkInvariants({ database: place.url, ledgers: seen, atRest: true });
  expect(violations).toEqual([]);
  expect(counts).toMatchObject(expectedCounts);
  const nothing = await checkInvariants({ database: place.url, ledgers, atRest: true });
  expect(nothing.violations.map(({ invariant }) => invariant)).toContain("I1");
});

describe("finds in the database", () => {
  it.each([
    [
      "I1",
      "is not in the database",
      `delete from event where execution_id = ${completed}; delete from execution where id = ${completed}`,
    ],
    ["I1", "is still waiting", `update execution set status = 'waiting' where id = ${completed}`],
    [
      "I1",
      "its log has no end",
      `delete from event where execution_id = ${completed} and type = 'execution-completed'`,
    ],
    [
      "I2",
      "has 2 ends",
      `insert into event select execution_id, seq + 1, attempt, step, 'execution-cancelled', '{}', at from event
        where execution_id = ${completed} and type = 'execution-completed'`,
    ],
    [
      "I2",
      "after its end",
      `insert into event select execution_id, seq + 1, attempt, step, 'status-noted', '{"text":"more"}', at from event
        where execution_id = ${completed} and type = 'execution-completed'`,
    ],
    ["I2", "its row says failed", `update execution set status = 'failed' where id = ${completed}`],
    [
      "I3",
      "has step-finished as number",
      `update event set step = 1 where type = 'step-finished' and execution_id = ${anExecution("tool_calls = 2")}`,
    ],
    [
      "I3",
      "was begun twice",
      `update event set body = replace(body, json_extract(body, '$.callId'), 'x')
        where type = 'tool-call-started'`,
    ],
    [
      "I3",
      "memory entries",
      `insert into memory_entry select id || 'x', store_id, organization_id, null, content,
        metadata, source_execution_id, created_at, updated_at from memory_entry`,
    ],
    ["I4", "where 2 should stand", `delete from event where execution_id = ${completed} and seq = 2`],
    ["I4", "its log ends with", `update execution set last_seq = last_seq + 1 where id = ${completed}`],
    [
      "I4",
      "has shown",
      `update event set body = '{"text":"else"}' where type = 'text-delta'
        and execution_id = ${completed}`,
    ],
    [
      "I4",
      "and stored is",
      `update event set body = '{"text":"else"}' where type = 'text-delta'
        and execution_id = ${completed}`,
    ],
    ["I5", "and its ledger settles", "update organization set spent_nano_usd = spent_nano_usd + 1"],
    ["I5", "while nothing runs", "update organization set reserved_nano_usd = reserved_nano_usd + 1"],
    ["I5", "still holds", `delete from credit_entry where kind = 'release' and execution_id = ${withCost}`],
    [
      "I5",
      '2 entries "settle"',
      `insert into credit_entry (id, organization_id, execution_id, kind, amount_nano_usd, at)
        select id || 'x', organization_id, execution_id, kind, amount_nano_usd, at from credit_entry
        where kind = 'settle' and execution_id = ${withCost}`,
    ],
    ["I5", "in its wallet", "update organization set wallet_nano_usd = wallet_nano_usd + 1"],
    [
      "I5",
      "in its wallet",
      `insert into credit_entry (id, organization_id, kind, amount_nano_usd, at)
        select 'x', min(id), 'transaction', 5, 0 from organization`,
    ],
    [
      "I5",
      "and its ledger settles",
      `insert into credit_entry (id, organization_id, kind, amount_nano_usd, at)
        select 'x', min(id), 'payment', 5, 0 from organization`,
    ],
    ["I5", "belongs to execution", "update credit_entry set kind = 'payment' where kind = 'settle'"],
    [
      "I5",
      "its log",
      `update event set body = json_set(body, '$.usage.inputTokens', 1000000)
        where type = 'model-called' and execution_id = ${completed}`,
    ],
    ["I5", "tool calls, its log", `update execution set tool_calls = 7 where id = ${completed}`],
    [
      "I6",
      "neither in the outbox",
      `delete from event where execution_id in
        (select id from execution where program = 'webhook-delivery');
        delete from execution where program = 'webhook-delivery'`,
    ],
    [
      "I6",
      "rows lie in the outbox",
      `insert into outbox select 'x', id, 'key.created', null, '{}', 0 from organization
        limit 1`,
    ],
    ["I6", "has 2 events", copyExecutions("program = 'webhook-delivery'")],
    [
      "I7",
      "in conversation",
      `update event set at = at + 60000 where type = 'execution-completed' and execution_id =
        ${inTurns}`,
    ],
    [
      "I7",
      "while attempt 1 held it",
      `update event set attempt = 2 where execution_id = ${completed}
        and type = 'model-called'`,
    ],
    [
      "I7",
      "attempt 3 follows",
      `update event set body = json_set(body, '$.attempt', 3)
        where execution_id = ${completed} and type = 'attempt-started'`,
    ],
    [
      "I8",
      "execution.agent_id",
      `update execution set organization_id =
        (select max(id) from organization where name = 'free') where id = ${withCost}`,
    ],
    [
      "I8",
      "credit_entry.execution_id",
      `update credit_entry set organization_id =
        (select max(id) from organization where name = 'free')`,
    ],
    ["I8", "job.agent_id", "update job set organization_id = (select max(id) from organization where name = 'free')"],
    [
      "I8",
      "daemon.agent_id",
      "update daemon set organization_id = (select max(id) from organization where name = 'limited')",
    ],
    [
      "I3",
      "may run once, and was started",
      `update event set type = 'status-noted', body = '{"text":"Starting agent"}'
        where execution_id = ${once} and type = 'reasoning-delta'`,
    ],
    [
      "I3",
      "completed in another attempt",
      `update event set type = 'attempt-started', body = '{"attempt":2,"reason":"recovered"}'
        where execution_id = ${once} and type = 'reasoning-delta'`,
    ],
    [
      "I3",
      "its program was never started",
      `update event set body = '{"text":"else"}' where execution_id = ${once} and type = 'status-noted'`,
    ],
    [
      "I3",
      "may run once, and failed as outcome_unknown without",
      `update event set body = replace(body, 'program_failed', 'outcome_unknown')
        where execution_id = ${failedProgram} and type = 'execution-failed'`,
    ],
    [
      "I3",
      "may run again, and failed as outcome_unknown after",
      `update event set type = 'execution-failed', body = '{"error":{"code":"outcome_unknown","message":""}}'
        where execution_id = ${again} and type = 'execution-completed';
        update event set type = 'attempt-started', body = '{"attempt":2,"reason":"recovered"}'
        where execution_id = ${again} and type = 'reasoning-delta'`,
    ],
    [
      "I3",
      "failed as program_failed without",
      `update event set body = json_set(body, '$.reason', 'cancelled')
        where execution_id = ${failedProgram} and type = 'process-finished'`,
    ],
    ["I9", "2 executions have its input", copyExecutions(`id = ${ofJob("schedule is null")}`)],
    ["I9", "while", copyExecutions(`id = ${ofJob("schedule is null")}`)],
    ["I9", "as number 2 at", copyExecutions(`id = ${ofJob("schedule is null")}`)],
    ["I9", "due at", `update job set created_at = created_at + 60000 where id = ${aJob("schedule is not null")}`],
    ["I9", "counts 3 runs", `update job set run_count = 3 where id = ${aJob("schedule is null")}`],
    ["I9", "its next time is", `update job set next_run_at = 1 where id = ${aJob("status = 'completed'")}`],
    ["I9", "still active", `update job set status = 'active' where id = ${aJob("status = 'completed'")}`],
    ["I9", "was cancelled and is paused", "update job set status = 'paused' where status = 'cancelled'"],
    ["I9", "when it was cancelled", "update job set run_count = run_count + 1 where status = 'cancelled'"],
    ["I9", "is not in the database", `delete from job where id = ${aJob("true")}`],
    ["I8", "takes", `update execution set organization_id = 'else' where program = 'webhook-delivery'`],
  ])("%s: %s", async (invariant, words, sql) => {
    const { violations } = await check(sql);
    expect(violations).toContainEqual({ invariant, message: expect.stringContaining(words) });
  });
});

describe("finds in the ledgers", () => {
  const first = <T extends ClientNote["type"]>(type: T) =>
    ledgers.client.find((note): note is Extract<ClientNote, { type: T }> => note.type === type);
  const withNote = (note: ClientNote): Ledgers => ({ ...ledgers, client: [...ledgers.client, note] });
  const reading = (change: (note: Extract<ClientNote, { type: "read" }>) => Partial<ClientNote>): Ledgers => {
    const note = first("read");
    if (note === undefined) throw new Error("nothing was read");
    return withNote({ ...note, ...change(note), type: "read" });
  };
  const booked = () => ledgers.tools.find(({ path }) => path.endsWith("/book"));
  const withCall = (change: Partial<LedgerEntry>): Ledgers => {
    const call = booked();
    if (call === undefined) throw new Error("nothing was booked");
    return { ...ledgers, tools: [...ledgers.tools, { ...call, ...change }] };
  };
  const end = () => ledgers.webhooks.find(({ type }) => type === "execution.completed");
  const withDelivery = (change: Partial<SinkEntry>): Ledgers => {
    const delivery = end();
    if (delivery === undefined) throw new Error("nothing was delivered");
    return { ...ledgers, webhooks: [...ledgers.webhooks, { ...delivery, ...change }] };
  };
  const marks = (change: (marks: readonly ProgramMark[]) => ProgramMark[]): Ledgers => ({
    ...ledgers,
    programs: change(ledgers.programs),
  });
  /** Of a program that may run once and came through. */
  const effect = (word: ProgramMark["word"]) => {
    const [workspace] = ledgers.programs.map((mark) => mark.workspace);
    const mark = ledgers.programs.find((one) => one.word === word && one.workspace === workspace);
    if (mark === undefined) throw new Error("no program has left a mark");
    return mark;
  };
  const accepted = () => {
    const note = first("accepted");
    if (note === undefined) throw new Error("nothing was accepted");
    return note;
  };

  it.each<[string, string, () => Ledgers]>([
    [
      "I1",
      "is not in the database",
      () => withNote({ ...accepted(), key: "k", executionId: `exec_0${"1".repeat(25)}` }),
    ],
    [
      "I1",
      "was answered with",
      () =>
        withNote({
          ...accepted(),
          executionId: ledgers.client.findLast(({ type }) => type === "accepted")?.executionId ?? "",
        }),
    ],
    [
      "I2",
      "a caller was told that",
      () => withNote({ type: "answered", executionId: accepted().executionId, status: "cancelled" }),
    ],
    [
      "I2",
      "another output",
      () => withNote({ type: "answered", executionId: accepted().executionId, status: "completed", output: "else" }),
    ],
    ["I3", "took effect 2 times", () => withCall({})],
    ["I3", "no log says", () => withCall({ toolCallId: `tc_0${"1".repeat(25)}` })],
    ["I3", "after its end was journaled", () => withCall({ at: (booked()?.at ?? 0) + 60_000 })],
    [
      "I4",
      "and stored is",
      () => reading(({ frames }) => ({ frames: frames.map((frame) => ({ ...frame, data: "{}" })) })),
    ],
    ["I4", "was not shown", () => reading(({ frames }) => ({ frames: frames.filter((_, index) => index !== 1) }))],
    ["I4", "was not shown", () => reading(({ frames }) => ({ frames: frames.slice(-1) }))],
    [
      "I6",
      "was never told",
      () => ({ ...ledgers, webhooks: ledgers.webhooks.filter(({ eventId }) => eventId !== end()?.eventId) }),
    ],
    [
      "I6",
      "was never told",
      () => ({ ...ledgers, webhooks: ledgers.webhooks.map((entry) => ({ ...entry, accepted: false })) }),
    ],
    ["I6", "which is not in the database", () => withDelivery({ eventId: `evt_0${"1".repeat(25)}` })],
    ["I6", "the log has no execution-failed", () => withDelivery({ type: "execution.failed" })],
    ["I6", "two bodies", () => withDelivery({ body: "{}" })],
    ["I3", "was begun 2 times", () => marks((all) => [effect("begin"), ...all])],
    ["I3", "no execution has this note", () => marks((all) => [...all, { ...effect("begin"), note: "nobody" }])],
    ["I3", "came to its end 0 of 1", () => marks((all) => all.filter((mark) => mark !== effect("end")))],
    ["I3", "came to its end 2 times", () => marks((all) => [...all, effect("end")])],
    ["I7", "went on while", () => marks((all) => all.toSorted((a, b) => a.word.localeCompare(b.word)))],
    ["I7", "went on while nothing ran", () => marks((all) => all.filter((mark) => mark !== effect("begin")))],
    [
      "I9",
      "was answered with",
      () => ({
        ...ledgers,
        jobs: ledgers.jobs.map((note) => (note.type === "accepted" ? { ...note, key: "same" } : note)),
      }),
    ],
    [
      "I9",
      "was given to organization",
      () => ({
        ...ledgers,
        jobs: ledgers.jobs.map((note) => (note.type === "accepted" ? { ...note, organizationId: "else" } : note)),
      }),
    ],
    ["I8", "was given to organization", () => withNote({ ...accepted(), organizationId: "else" })],
    [
      "I8",
      "told webhook",
      () =>
        withDelivery({
          webhookId: ledgers.webhooks.findLast(({ webhookId }) => webhookId !== end()?.webhookId)?.webhookId,
        }),
    ],
  ])("%s: %s", async (invariant, words, plant) => {
    const { violations } = await check("", plant());
    expect(violations).toContainEqual({ invariant, message: expect.stringContaining(words) });
  });
});

it("finds daemons that are wanted and have no process", async () => {
  const missing = await findMissingDaemons(database, basename(folder), 0);
  expect(missing).toHaveLength(2);
  expect(missing[0]).toContain("has no process");
});
