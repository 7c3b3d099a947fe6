import { Readable } from "node:stream";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { CodeDefinition } from "../../src/contract/agent.ts";
import { RunyardError } from "../../src/contract/errors.ts";
import { newId } from "../../src/contract/ids.ts";
import type { Program } from "../../src/engine/program.ts";
import { breakDownAgentErrors } from "../../src/operations/break-down-agent-errors.ts";
import { countAgentInstalls } from "../../src/operations/count-agent-installs.ts";
import { countAgentRuns } from "../../src/operations/count-agent-runs.ts";
import { createAgent } from "../../src/operations/create-agent.ts";
import { createSubscription } from "../../src/operations/create-subscription.ts";
import { deleteAgent } from "../../src/operations/delete-agent.ts";
import { executeAgent } from "../../src/operations/execute-agent.ts";
import { findAgentAnywhere } from "../../src/operations/find-agent-anywhere.ts";
import { getAgentStats } from "../../src/operations/get-agent-stats.ts";
import { getCosts } from "../../src/operations/get-costs.ts";
import { getLatencyDistribution } from "../../src/operations/get-latency-distribution.ts";
import { getSessionDepth } from "../../src/operations/get-session-depth.ts";
import { getTokenDistribution } from "../../src/operations/get-token-distribution.ts";
import { getUser } from "../../src/operations/get-user.ts";
import { listAgentUsage } from "../../src/operations/list-agent-usage.ts";
import { listAllAgents } from "../../src/operations/list-all-agents.ts";
import { listUserCosts } from "../../src/operations/list-user-costs.ts";
import type { Caller, ExecuteRequest } from "../../src/operations/operations.ts";
import { searchAgents } from "../../src/operations/search-agents.ts";
import { databaseKinds } from "../support/test-database.ts";
import { failure, startTestOperations, type TestOperations, storeFile } from "./test-operations.ts";

const day = 86_400_000;

/** Fails when its input says how. */
const program: Program = async (ctx, input) => {
  const [, message] = /"fail":"([^"]*)"/.exec(JSON.stringify(input)) ?? [];
  if (message !== undefined) throw new RunyardError("program_failed", JSON.parse(`"${message}"`));
  ctx.emit({
    type: "model-called",
    body: {
      model: "m/a",
      purpose: "answer",
      usage: { inputTokens: 100, outputTokens: 20, cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 },
      costNanoUsd: 1_000_000,
      estimated: false,
      finishReason: "stop",
      durationMs: 1,
    },
  });
  return "done";
};

describe.each(databaseKinds)("figures of agents on %s", (kind) => {
  let operations: TestOperations;
  let caller: Caller;
  let agentId: string;
  let bundle: CodeDefinition["bundle"];
  beforeAll(async () => {
    operations = await startTestOperations(kind, { programs: { code: program }, run: true });
    const upload = { name: "bundle.tar.gz", type: "application/gzip", content: Readable.from(["bundle"]) };
    const { sha256, sizeBytes } = await storeFile(operations.parts, operations.first, upload);
    bundle = { sha256, sizeBytes, contentSha256: sha256 };
  });
  beforeEach(async () => {
    operations.time = Date.UTC(2026, 2, 15, 10, 30);
    caller = await operations.stranger();
    agentId = await agentOf(caller);
  });
  afterAll(async () => operations[Symbol.asyncDispose]());

  async function agentOf(owner: Caller, fields: Partial<CodeDefinition> = {}, alias?: string): Promise<string> {
    const definition: CodeDefinition = {
      runtime: "code",
      name: "Counter",
      description: "",
      label: "1.0.0",
      ...(bundle !== undefined && { bundle }),
      adapter: "python",
      lifecycle: "serverless",
      timeoutMs: 1000,
      memoryBytes: 1_000_000,
      environmentNames: [],
      onCrash: "fail",
      metadata: {},
      ...fields,
    };
    const agent = await createAgent(operations.parts, owner, definition, alias === undefined ? {} : { alias });
    return agent.id;
  }

  /** One run, to its end. */
  async function run(userId: string, request: Partial<ExecuteRequest> = {}): Promise<string> {
    const { id } = await executeAgent(operations.parts, caller, agentId, {
      input: {},
      conversationAlias: null,
      ...request,
      code: { userId, ...request.code },
    });
    await operations.engine.end(id);
    return id;
  }
  const own = () => ({ id: agentId });

  test("an agent that nobody has run has figures too", async () => {
    const { parts } = operations;
    expect(await getAgentStats(parts, caller, own())).toEqual({
      runs: 0,
      completed: 0,
      failed: 0,
      cancelled: 0,
      open: 0,
      averageDurationMs: null,
      p95DurationMs: null,
      users: 0,
      conversations: 0,
      inputTokens: 0,
      outputTokens: 0,
      costNanoUsd: 0,
      installs: 0,
      activeSubscriptions: 0,
      lastRunAt: null,
    });
    const empty = { count: 0, average: null, p50: null, p95: null, max: null };
    expect(await getTokenDistribution(parts, caller, own())).toMatchObject(empty);
    expect(await getLatencyDistribution(parts, caller, own())).toMatchObject(empty);
    expect(await getSessionDepth(parts, caller, own())).toMatchObject(empty);
    expect(await breakDownAgentErrors(parts, caller, own())).toEqual([]);
    expect(await countAgentRuns(parts, caller, own(), "all")).toEqual([]);
    expect(await listAgentUsage(parts, caller, own(), { limit: 5, offset: 0 })).toEqual({ items: [], total: 0 });
  });

  test("stats count runs, users, threads, tokens and cost, and leave out what only tends workspaces", async () => {
    const { parts } = operations;
    await run("ann", { conversationAlias: "t1" });
    await run("ann", { conversationAlias: "t1" });
    await run("bob", { conversationAlias: "t2" });
    await run("bob", { input: { fail: "no" } });
    await run("carl", { code: { task: { kind: "snapshot", label: "1.0.0" } } });
    await createSubscription(parts, caller, { agentId, userId: "dora", planType: "monthly", priceNanoUsd: 0 });
    expect(await getAgentStats(parts, caller, own())).toMatchObject({
      runs: 4,
      completed: 3,
      failed: 1,
      open: 0,
      averageDurationMs: 0,
      p95DurationMs: 0,
      users: 2,
      conversations: 2,
      inputTokens: 300,
      outputTokens: 60,
      costNanoUsd: 3_000_000,
      installs: 3,
      activeSubscriptions: 1,
      lastRunAt: operations.time,
    });
    expect((await getUser(parts, caller, "carl")).profile).toEqual({});
    expect(await getSessionDepth(parts, caller, own())).toMatchObject({
      count: 2,
      average: 2,
      max: 2,
      buckets: [{ from: 0, to: 2, count: 1 }, { from: 2, to: 3, count: 1 }, {}, {}, {}, {}, {}],
    });
    expect(await getTokenDistribution(parts, caller, own())).toMatchObject({
      count: 4,
      max: 120,
      p50: 120,
      buckets: expect.arrayContaining([
        { from: 0, to: 1, count: 1 },
        { from: 101, to: 501, count: 3 },
      ]),
    });
  });

  test("runs and installs are counted by day, with the days that had none", async () => {
    const { parts } = operations;
    await run("ann");
    await run("bob", { input: { fail: "no" } });
    operations.time += 2 * day;
    await run("ann");
    await createSubscription(parts, caller, { agentId, userId: "bob", planType: "monthly", priceNanoUsd: 0 });
    await createSubscription(parts, caller, { agentId, userId: "carl", planType: "monthly", priceNanoUsd: 0 });
    const week = { unit: "days", count: 3 } as const;
    expect(await countAgentRuns(parts, caller, own(), week)).toEqual([
      { day: "2026-03-15", runs: 2, completed: 1, failed: 1, cancelled: 0 },
      { day: "2026-03-16", runs: 0, completed: 0, failed: 0, cancelled: 0 },
      { day: "2026-03-17", runs: 1, completed: 1, failed: 0, cancelled: 0 },
    ]);
    expect(await countAgentInstalls(parts, caller, own(), week)).toEqual([
      { day: "2026-03-15", installs: 2 },
      { day: "2026-03-16", installs: 0 },
      { day: "2026-03-17", installs: 1 },
    ]);
    const today = { unit: "days", count: 1 } as const;
    expect(await countAgentInstalls(parts, caller, own(), today)).toEqual([{ day: "2026-03-17", installs: 1 }]);
    expect((await countAgentRuns(parts, caller, own(), "all")).map(({ runs }) => runs)).toEqual([2, 1]);
    const hours = { unit: "hours", count: 24 } as const;
    expect((await countAgentRuns(parts, caller, own(), hours)).map(({ runs }) => runs)).toEqual([0, 1]);
  });

  test("errors are grouped by code and message", async () => {
    const { parts } = operations;
    for (const fail of ["no key", "no key", "no network"]) await run("ann", { input: { fail } });
    await run("ann", { input: { fail: "x".repeat(600) } });
    expect(await breakDownAgentErrors(parts, caller, own())).toEqual([
      { code: "program_failed", message: "no key", count: 2, lastAt: expect.any(Number) },
      expect.anything(),
      expect.anything(),
    ]);
    const messages = (await breakDownAgentErrors(parts, caller, own())).map(({ message }) => message.length);
    expect(messages.toSorted((a, b) => a - b)).toEqual([6, 10, 500]);
    await run("ann", { input: { fail: "no\0 key" } });
    await run("ann", { input: { fail: "no\ud800 key" } });
    const groups = await breakDownAgentErrors(parts, caller, own());
    expect(groups[0]).toMatchObject({ message: "no key", count: 3 });
    expect(groups.map(({ message }) => message)).toContain("no\ufffd key");
  });

  test("the usage log is newest first and paged", async () => {
    const { parts } = operations;
    const ids = [await run("ann"), await run("bob", { conversationAlias: "t" }), await run("carl")];
    const page = await listAgentUsage(parts, caller, own(), { limit: 2, offset: 1 });
    expect(page.total).toBe(3);
    expect(page.items).toMatchObject([
      {
        executionId: ids[1],
        userId: "bob",
        conversationId: expect.any(String),
        inputTokens: 100,
        versionLabel: "1.0.0",
      },
      { executionId: ids[0], userId: "ann", conversationId: undefined, status: "completed", costNanoUsd: 1_000_000 },
    ]);
  });

  test("latencies are spread over buckets", async () => {
    const { parts } = operations;
    const id = await run("ann");
    for (const ms of [0, 99, 100, 450, 999, 7000, 300_000, 900_000]) {
      const sql = `insert into execution (id, organization_id, program, agent_id, status, attempt, last_seq,
          queued_reason, run_at, metadata, created_at, finished_at, reserved_nano_usd)
        select '${newId()}', organization_id, program, agent_id, status, attempt, last_seq, queued_reason, run_at,
          metadata, created_at, created_at + ${ms}, 0 from execution where id = '${id}'`;
      await parts.database.write([{ sql, params: [], returnsRows: false }]);
    }
    const { buckets, ...figures } = await getLatencyDistribution(parts, caller, own());
    expect(figures).toEqual({ count: 9, average: 134_294, p50: 450, p95: 900_000, max: 900_000 });
    expect(buckets.map(({ count }) => count)).toEqual([3, 2, 1, 0, 0, 1, 0, 0, 0, 2]);
    expect(await getAgentStats(parts, caller, own())).toMatchObject({ p95DurationMs: 900_000 });
  });

  test("agents are searched by name", async () => {
    const { parts } = operations;
    const second = await agentOf(caller, { name: "Word counter" });
    const third = await agentOf(caller, { name: "Translator" });
    const search = async (filter: { name?: string }, page: { limit: number; offset: number }) => {
      const { items, total } = await searchAgents(parts, caller, filter, page);
      return [items.map(({ id }) => id), total];
    };
    expect(await search({ name: "COUNTER" }, { limit: 10, offset: 0 })).toEqual([[second, agentId], 2]);
    expect(await search({}, { limit: 1, offset: 1 })).toEqual([[second], 3]);
    await deleteAgent(parts, caller, third);
    expect(await search({}, { limit: 1, offset: 0 })).toEqual([[second], 2]);
  });

  test("figures are the organization's own", async () => {
    const { parts } = operations;
    await run("ann");
    const other = await operations.stranger();
    const lacking = { ...caller, scopes: new Set(["agents:read", "agents:write"] as const) };
    const calls = [
      (who: Caller) => getAgentStats(parts, who, own()),
      (who: Caller) => countAgentRuns(parts, who, own(), "all"),
      (who: Caller) => countAgentInstalls(parts, who, own(), "all"),
      (who: Caller) => breakDownAgentErrors(parts, who, own()),
      (who: Caller) => listAgentUsage(parts, who, own(), { limit: 1, offset: 0 }),
      (who: Caller) => getTokenDistribution(parts, who, own()),
      (who: Caller) => getLatencyDistribution(parts, who, own()),
      (who: Caller) => getSessionDepth(parts, who, own()),
    ];
    for (const call of calls) {
      await expect(call(other)).rejects.toThrow(failure("agent_not_found"));
      await expect(call(lacking)).rejects.toThrow(failure("insufficient_scope"));
    }
    expect((await searchAgents(parts, other, {}, { limit: 9, offset: 0 })).total).toBe(0);
    const named = { id: agentId, organizationId: caller.organization.id };
    await expect(getAgentStats(parts, caller, named)).rejects.toThrow(failure("insufficient_scope"));
  });

  test("whoever runs the installation sees agents and costs of all", async () => {
    const { parts, first } = operations;
    await run("ann");
    await run("ann");
    await run("bob");
    const place = { id: agentId, organizationId: caller.organization.id };
    expect((await getAgentStats(parts, first, place)).runs).toBe(3);
    const agents = await listAllAgents(parts, first, { limit: 100, offset: 0 });
    expect(agents.find(({ id }) => id === agentId)).toMatchObject({ organizationId: caller.organization.id });
    const costs = await getCosts(parts, first, "all");
    expect(costs.organizations).toContainEqual(
      expect.objectContaining({ organizationId: caller.organization.id, runs: 3, tokens: 360, costNanoUsd: 3_000_000 }),
    );
    const [model] = costs.models;
    expect(model).toMatchObject({ model: "m/a", costNanoUsd: costs.totalNanoUsd });
    const users = await listUserCosts(parts, first, "all", { limit: 500, offset: 0 });
    expect(users.totalNanoUsd).toBe(costs.totalNanoUsd);
    const mine = users.items.filter(({ organizationId }) => organizationId === caller.organization.id);
    expect(mine.map(({ userId, runs }) => [userId, runs])).toEqual([
      ["ann", 2],
      ["bob", 1],
    ]);
    operations.time += 3 * day;
    expect((await getCosts(parts, first, { unit: "days", count: 1 })).totalNanoUsd).toBe(0);
    for (const call of [
      () => listAllAgents(parts, caller, { limit: 1, offset: 0 }),
      () => getCosts(parts, caller, "all"),
      () => listUserCosts(parts, caller, "all", { limit: 1, offset: 0 }),
      () => findAgentAnywhere(parts, caller, agentId),
    ]) {
      await expect(call()).rejects.toThrow(failure("insufficient_scope"));
    }
  });

  test("of agents of one name the own one is meant, and no name hides another's id", async () => {
    const { parts, first } = operations;
    const name = `agent-${newId()}`;
    const [older] = [await agentOf(caller, {}, name), await agentOf(await operations.stranger(), {}, name)];
    expect(await findAgentAnywhere(parts, first, name)).toMatchObject({ id: older, alias: name });
    const own = await agentOf(first, {}, name);
    expect(await findAgentAnywhere(parts, first, name)).toMatchObject({ id: own });
    await agentOf(first, {}, older);
    expect(await findAgentAnywhere(parts, first, older)).toMatchObject({ id: older });
    expect(await findAgentAnywhere(parts, first, "nobody")).toBeUndefined();
  });

  test("a user id that no index can hold is refused", async () => {
    for (const userId of ["", "x".repeat(256)]) {
      await expect(run(userId)).rejects.toThrow(failure("invalid_field_value"));
    }
  });
});
