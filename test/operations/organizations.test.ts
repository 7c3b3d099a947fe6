import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newId } from "../../src/contract/ids.ts";
import { authenticate } from "../../src/operations/authenticate.ts";
import { createKey } from "../../src/operations/create-key.ts";
import { createOrganization } from "../../src/operations/create-organization.ts";
import { getOrganization } from "../../src/operations/get-organization.ts";
import { getUsage } from "../../src/operations/get-usage.ts";
import { listOrganizations } from "../../src/operations/list-organizations.ts";
import type { Caller } from "../../src/operations/operations.ts";
import { RequestLimits } from "../../src/operations/request-limits.ts";
import { takeRequest } from "../../src/operations/take-request.ts";
import { updateOrganization } from "../../src/operations/update-organization.ts";
import { toStatement } from "../../src/store/database.ts";
import { databaseKinds } from "../support/test-database.ts";
import { failure, newestFirst, startTestOperations, type TestOperations } from "./test-operations.ts";

describe.each(databaseKinds)("organizations on %s", (kind) => {
  let operations: TestOperations;
  beforeAll(async () => {
    operations = await startTestOperations(kind);
  });
  afterAll(async () => operations[Symbol.asyncDispose]());

  test("an organization gets a key that may do everything within it and nothing beside", async () => {
    const { parts, first } = operations;
    const { organization, key } = await createOrganization(parts, first, { name: "Tenant", creditLimitNanoUsd: 5 });
    expect(organization).toMatchObject({ plan: "enterprise", creditLimitNanoUsd: 5, liveId: organization.id });
    const tenant = await operations.callerOf(key);
    expect(tenant.organization).toEqual(organization);
    expect(tenant.scopes.has("keys:manage")).toBe(true);
    for (const call of [
      () => createOrganization(parts, tenant, { name: "Sub" }),
      () => listOrganizations(parts, tenant, newestFirst),
      () => getOrganization(parts, tenant, organization.id),
      () => updateOrganization(parts, tenant, organization.id, { creditLimitNanoUsd: null }),
    ]) {
      await expect(call()).rejects.toThrow(failure("insufficient_scope"));
    }
  });

  test("a changed plan and name hold for the test twin too, which is no organization to its managers", async () => {
    const { parts, first } = operations;
    const { organization, key } = await createOrganization(parts, first, { name: "Twins" });
    const tenant = await operations.callerOf(key);
    const made = await createKey(parts, tenant, { name: "T", environment: "test" });
    const tester = await operations.callerOf(made.key);
    const changed = await updateOrganization(parts, first, organization.id, { plan: "starter", creditLimitNanoUsd: 7 });
    expect(changed).toEqual({ ...organization, plan: "starter", creditLimitNanoUsd: 7 });
    expect((await operations.callerOf(made.key)).organization).toMatchObject({
      plan: "starter",
      creditLimitNanoUsd: null,
    });
    const { items } = await listOrganizations(parts, first, { limit: 100 });
    expect(items.map(({ id }) => id)).toContain(organization.id);
    expect(items.map(({ id }) => id)).not.toContain(tester.organization.id);
    for (const id of [tester.organization.id, newId()]) {
      await expect(getOrganization(parts, first, id)).rejects.toThrow(failure("organization_not_found"));
      await expect(updateOrganization(parts, first, id, { name: "x" })).rejects.toThrow(
        failure("organization_not_found"),
      );
    }
  });

  test("the 61st request of a minute on a plan of 60 is refused until a token has come", async () => {
    const { parts } = operations;
    const caller = await callerOnPlan(operations, "starter");
    for (let left = 59; left >= 0; left -= 1) {
      expect(takeRequest(parts, caller)).toMatchObject({ limit: 60, remaining: left, retryAfterMs: undefined });
    }
    expect(takeRequest(parts, caller)).toEqual({
      limit: 60,
      remaining: 0,
      resetAt: operations.time + 60_000,
      retryAfterMs: 1000,
    });
    operations.time += 1000;
    expect(takeRequest(parts, caller)?.retryAfterMs).toBeUndefined();
    expect(takeRequest(parts, caller)?.retryAfterMs).toBe(1000);
    operations.time += 3_600_000;
    expect(takeRequest(parts, caller)?.remaining).toBe(59);
    expect(takeRequest(parts, operations.first)).toBeUndefined();
  });

  test("the count of the day outlives the process, and ends with the day", async () => {
    const { parts } = operations;
    operations.time = Date.UTC(2026, 4, 1, 12);
    const { caller, key } = await keyOnPlan(operations, "professional");
    for (let left = 2; left >= 0; left -= 1) expect(takeRequest(parts, caller)).toMatchObject({ remaining: left });
    expect(takeRequest(parts, caller)).toMatchObject({ limit: 3, retryAfterMs: 12 * 3_600_000 });
    await parts.requestLimits.save();
    await using requestLimits = new RequestLimits(parts);
    const later = { ...parts, requestLimits };
    const same = await authenticate(later, key);
    expect(takeRequest(later, same)?.retryAfterMs).toBe(12 * 3_600_000);
    operations.time = Date.UTC(2026, 4, 2);
    expect(takeRequest(later, await authenticate(later, key))?.retryAfterMs).toBeUndefined();
  });

  test("two processes that count the same key add up", async () => {
    const { parts } = operations;
    operations.time = Date.UTC(2026, 5, 1, 12);
    const caller = await callerOnPlan(operations, "professional");
    await using one = new RequestLimits(parts);
    await using other = new RequestLimits(parts);
    for (const limits of [one, other]) expect(limits.take(caller)?.retryAfterMs).toBeUndefined();
    await one.save();
    await other.save();
    expect(other.take(caller)).toMatchObject({ remaining: 0 });
    expect(other.take(caller)?.retryAfterMs).toBeGreaterThan(0);
  });

  test("usage is summed by day, agent and model, for one's own executions only", async () => {
    const { parts, first } = operations;
    const { key } = await createOrganization(parts, first, { name: "Used" });
    const caller = await operations.callerOf(key);
    const [one, other] = [newId(), newId()];
    const day = Date.UTC(2026, 2, 1);
    await addExecution(operations, caller, { agentId: one, at: day + 1000, calls: [["m/a", 10, 5, 100]] });
    await addExecution(operations, caller, {
      agentId: one,
      at: day + 86_399_999,
      calls: [
        ["m/a", 1, 1, 10],
        ["m/b", 2, 2, null],
      ],
    });
    await addExecution(operations, caller, { agentId: other, at: day + 86_400_000, calls: [] });
    await addExecution(operations, caller, { agentId: null, at: day, calls: [["m/hidden", 9, 9, 9]] });
    await addExecution(operations, first, { agentId: newId(), at: day, calls: [["m/a", 1000, 1000, 1000]] });

    const byDay = await getUsage(parts, caller, { groupBy: "day" });
    expect(byDay.groups).toMatchObject([
      { key: "2026-03-01", executions: 2, usage: { inputTokens: 13, outputTokens: 8 }, costNanoUsd: null },
      { key: "2026-03-02", executions: 1, usage: { inputTokens: 0 }, costNanoUsd: 0 },
    ]);
    expect(byDay.total).toMatchObject({
      executions: 3,
      usage: { inputTokens: 13, outputTokens: 8 },
      costNanoUsd: null,
    });
    const byModel = await getUsage(parts, caller, { groupBy: "model" });
    expect(byModel.groups).toMatchObject([
      { key: "m/a", executions: 2, usage: { inputTokens: 11, outputTokens: 6, reasoningTokens: 0 }, costNanoUsd: 110 },
      { key: "m/b", executions: 1, usage: { inputTokens: 2, outputTokens: 2, reasoningTokens: 1 }, costNanoUsd: null },
    ]);
    expect(byModel.total).toEqual(byDay.total);
    const byAgent = await getUsage(parts, caller, { groupBy: "agent", agentId: other });
    expect(byAgent.groups).toMatchObject([{ key: other, executions: 1 }]);
    const bounded = await getUsage(parts, caller, {
      groupBy: "agent",
      createdFrom: day + 1000,
      createdTo: day + 1000,
    });
    expect(bounded.total).toMatchObject({ executions: 1, costNanoUsd: 100 });
    const nothing = await getUsage(parts, caller, { groupBy: "model", agentId: newId() });
    expect(nothing).toMatchObject({ groups: [], total: { executions: 0, costNanoUsd: 0 } });
  });
});

async function keyOnPlan(
  operations: TestOperations,
  plan: "starter" | "professional",
): Promise<{ caller: Caller; key: string }> {
  const { key } = await createOrganization(operations.parts, operations.first, { name: plan, plan });
  return { caller: await operations.callerOf(key), key };
}

async function callerOnPlan(operations: TestOperations, plan: "starter" | "professional"): Promise<Caller> {
  return (await keyOnPlan(operations, plan)).caller;
}

/** An execution as it is in the store after its end: row with counters, and the model calls of its log. */
async function addExecution(
  { parts }: TestOperations,
  caller: Caller,
  run: {
    agentId: string | null;
    at: number;
    calls: [model: string, input: number, output: number, cost: number | null][];
  },
): Promise<void> {
  const { builder } = parts.database;
  const id = newId();
  const row = builder.insertInto("execution").values({
    id,
    organization_id: caller.organization.id,
    program: "chat",
    agent_id: run.agentId,
    agent_version_id: null,
    conversation_id: null,
    queue_key: null,
    parent_id: null,
    parent_wait: null,
    status: "completed",
    attempt: 1,
    last_seq: run.calls.length,
    queued_reason: "first",
    run_at: run.at,
    metadata: "{}",
    created_at: run.at,
    finished_at: run.at,
    reserved_nano_usd: 0,
    input_tokens: sum(run.calls.map(([, input]) => input)),
    output_tokens: sum(run.calls.map(([, , output]) => output)),
    reasoning_tokens: Math.max(0, run.calls.length - 1),
    cost_nano_usd: sum(run.calls.map(([, , , cost]) => cost ?? 0)),
    cost_unknown: run.calls.some(([, , , cost]) => cost === null) ? 1 : 0,
  });
  const events = run.calls.map(([model, inputTokens, outputTokens, costNanoUsd], index) =>
    builder.insertInto("event").values({
      execution_id: id,
      seq: index + 1,
      attempt: 1,
      step: 0,
      type: "model-called",
      body: JSON.stringify({
        model,
        usage: {
          inputTokens,
          outputTokens,
          cacheReadTokens: 0,
          cacheWriteTokens: 0,
          reasoningTokens: index === 0 ? 0 : 1,
        },
        costNanoUsd,
      }),
      at: run.at,
    }),
  );
  await parts.database.write([toStatement(row), ...events.map((event) => toStatement(event))]);
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
