import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Agent } from "../../src/contract/agent.ts";
import { newId } from "../../src/contract/ids.ts";
import type { ToolDefinition } from "../../src/contract/tool.ts";
import { changeAgent } from "../../src/operations/change-agent.ts";
import { createAgent } from "../../src/operations/create-agent.ts";
import { deleteAgent } from "../../src/operations/delete-agent.ts";
import { findIdempotent } from "../../src/operations/find-idempotent.ts";
import { getAgent } from "../../src/operations/get-agent.ts";
import { getToolSecret } from "../../src/operations/get-tool-secret.ts";
import { listAgentVersions } from "../../src/operations/list-agent-versions.ts";
import { listAgents } from "../../src/operations/list-agents.ts";
import { readAgentVersion } from "../../src/operations/read-agent-version.ts";
import { readToolSecret } from "../../src/operations/read-tool-secret.ts";
import { rollbackAgent } from "../../src/operations/rollback-agent.ts";
import { updateAgent } from "../../src/operations/update-agent.ts";
import { databaseKinds } from "../support/test-database.ts";
import {
  chatDefinition,
  failure,
  newestFirst,
  startTestOperations,
  type TestOperations,
  withKey,
} from "./test-operations.ts";

const secretHeader = "Bearer a-secret-of-somebody";
const mcpTool: ToolDefinition = {
  type: "mcp",
  name: "docs",
  url: "https://mcp.example.com/",
  headers: { authorization: secretHeader },
  timeoutMs: 1000,
  effect: "safe",
};

describe.each(databaseKinds)("agents on %s", (kind) => {
  let operations: TestOperations;
  beforeAll(async () => {
    operations = await startTestOperations(kind);
  });
  afterAll(async () => operations[Symbol.asyncDispose]());

  test("an agent comes back as it was defined, with version 1", async () => {
    const { parts, first } = operations;
    const agent = await createAgent(parts, first, chatDefinition({ metadata: { team: "a" } }));
    expect(await getAgent(parts, first, agent.id)).toEqual(agent);
    expect(agent).toMatchObject({
      status: "active",
      currentVersion: { number: 1, definition: chatDefinition({ metadata: { team: "a" } }) },
    });
    await expect(createAgent(parts, first, chatDefinition({ model: "none/such" }))).rejects.toThrow(
      failure("unprocessable", "model"),
    );
  });

  test("a changed definition is a new version, an equal one is none", async () => {
    const { parts, first } = operations;
    const { id } = await createAgent(parts, first, chatDefinition());
    const same = await updateAgent(parts, first, id, {
      define: (current) => ({ ...current, outputSchema: undefined }),
    });
    expect(same.currentVersion.number).toBe(1);
    const renamed = await updateAgent(parts, first, id, { define: (current) => ({ ...current, name: "Renamed" }) });
    expect(renamed.currentVersion).toMatchObject({ number: 2, definition: { name: "Renamed" } });
    const paused = await updateAgent(parts, first, id, { status: "paused" });
    expect(paused).toMatchObject({ status: "paused", currentVersion: { number: 2 } });
    const { items } = await listAgentVersions(parts, first, id, newestFirst);
    expect(items.map(({ number, definition }) => [number, definition.name])).toEqual([
      [2, "Renamed"],
      [1, "Helper"],
    ]);
  });

  test("writers at the same time all get through, each on top of the one before", async () => {
    const { parts, first } = operations;
    const { id } = await createAgent(parts, first, chatDefinition({ metadata: {} }));
    const writers = ["a", "b", "c", "d"];
    await Promise.all([
      ...writers.map((writer) =>
        updateAgent(parts, first, id, {
          define: (current) => ({ ...current, metadata: { ...current.metadata, [writer]: true } }),
        }),
      ),
      updateAgent(parts, first, id, { status: "paused", define: (current) => current }),
    ]);
    const { currentVersion, status } = await getAgent(parts, first, id);
    expect(status).toBe("paused");
    expect(Object.keys(currentVersion.definition.metadata).sort()).toEqual(writers);
    expect(currentVersion.number).toBe(5);
  });

  test("a change that was overtaken is made again from what the other left", async () => {
    const { parts, first } = operations;
    const { id } = await createAgent(parts, first, chatDefinition());
    let looks = 0;
    const changed = await changeAgent(parts, first, id, {
      status: "paused",
      async define({ definition }) {
        looks += 1;
        if (looks === 1) {
          await updateAgent(parts, first, id, { define: (current) => ({ ...current, name: "Overtaker" }) });
        }
        return definition;
      },
    });
    expect(looks).toBe(2);
    expect(changed).toMatchObject({
      status: "paused",
      currentVersion: { number: 2, definition: { name: "Overtaker" } },
    });
    expect(await getAgent(parts, first, id)).toEqual(changed);
  });

  test("a rollback is a new version with an older definition", async () => {
    const { parts, first } = operations;
    const { id } = await createAgent(parts, first, chatDefinition({ name: "v1" }));
    await expect(rollbackAgent(parts, first, id, undefined)).rejects.toThrow(failure("agent_version_not_found"));
    for (const name of ["v2", "v3"]) await updateAgent(parts, first, id, { define: (now) => ({ ...now, name }) });
    expect((await rollbackAgent(parts, first, id, undefined)).currentVersion).toMatchObject({
      number: 4,
      definition: { name: "v2" },
    });
    expect((await rollbackAgent(parts, first, id, 1)).currentVersion).toMatchObject({
      number: 5,
      definition: { name: "v1" },
    });
    await expect(rollbackAgent(parts, first, id, 9)).rejects.toThrow(failure("agent_version_not_found", "version"));
  });

  test("MCP header values are sealed in the store and in answers, and open for running, in every version", async () => {
    const { parts, first } = operations;
    const agent = await createAgent(parts, first, chatDefinition({ tools: [mcpTool] }));
    const changed = await updateAgent(parts, first, agent.id, {
      define: (current) => ({ ...current, name: "With the same headers" }),
    });
    expect(changed.currentVersion.number).toBe(2);
    for (const shown of [agent, changed, await getAgent(parts, first, agent.id)]) {
      expect(JSON.stringify(shown)).not.toContain("a-secret");
    }
    const rows = await parts.database.read({ sql: "select * from agent_version", params: [], returnsRows: true });
    expect(JSON.stringify(rows)).not.toContain("a-secret");
    for (const { currentVersion } of [agent, changed]) {
      const { definition } = await readAgentVersion(parts, first.organization.id, currentVersion.id);
      expect(definition).toMatchObject({ tools: [mcpTool] });
    }
    const rolledBack = await rollbackAgent(parts, first, agent.id, 1);
    const { definition } = await readAgentVersion(parts, first.organization.id, rolledBack.currentVersion.id);
    expect(definition).toMatchObject({ tools: [mcpTool] });
  });

  test("a deleted agent is gone, but what runs on it can still be read", async () => {
    const { parts, first } = operations;
    const agent = await createAgent(parts, first, chatDefinition());
    const secret = await getToolSecret(parts, first, agent.id);
    expect(secret).toMatch(/^tlsec_[\w-]{43}$/);
    await deleteAgent(parts, first, agent.id);
    const calls: ((id: string) => Promise<unknown>)[] = [
      (id) => getAgent(parts, first, id),
      (id) => deleteAgent(parts, first, id),
      (id) => updateAgent(parts, first, id, { status: "paused" }),
      (id) => getToolSecret(parts, first, id),
      (id) => listAgentVersions(parts, first, id, newestFirst),
      (id) => rollbackAgent(parts, first, id, 1),
    ];
    for (const call of calls) await expect(call(agent.id)).rejects.toThrow(failure("agent_not_found"));
    expect((await listAgents(parts, first, {}, { limit: 100 })).items.map(({ id }) => id)).not.toContain(agent.id);
    await expect(readToolSecret(parts, first.organization.id, agent.id)).resolves.toBe(secret);
    await expect(readAgentVersion(parts, first.organization.id, agent.currentVersion.id)).resolves.toBeDefined();
  });

  test("another organization's agent answers like none, whatever is asked", async () => {
    const { parts, first } = operations;
    const agent = await createAgent(parts, first, chatDefinition());
    const stranger = await operations.stranger();
    await readAgentVersion(parts, first.organization.id, agent.currentVersion.id); // known in memory now
    const calls: ((id: string) => Promise<unknown>)[] = [
      (id) => getAgent(parts, stranger, id),
      (id) => deleteAgent(parts, stranger, id),
      (id) => updateAgent(parts, stranger, id, { define: (current) => ({ ...current, name: "Mine" }) }),
      (id) => getToolSecret(parts, stranger, id),
      (id) => listAgentVersions(parts, stranger, id, newestFirst),
      (id) => rollbackAgent(parts, stranger, id, 1),
    ];
    for (const call of calls) {
      const unknown = newId();
      const messages = await Promise.all(
        [agent.id, unknown].map((id) => call(id).then(String, (error: Error) => error.message)),
      );
      expect(messages[0]?.replaceAll(/agt_\w+/g, "")).toBe(messages[1]?.replaceAll(/agt_\w+/g, ""));
      await expect(call(agent.id)).rejects.toThrow(failure("agent_not_found"));
    }
    await expect(readAgentVersion(parts, stranger.organization.id, agent.currentVersion.id)).rejects.toThrow(
      failure("agent_version_not_found"),
    );
    expect((await listAgents(parts, stranger, {}, newestFirst)).items).toEqual([]);
  });

  test("the name filter finds parts of names in any case, and signs stand for themselves", async () => {
    const { parts } = operations;
    const caller = await operations.stranger();
    const names = ["Support Bot", "support 100%", "Über_Agent", "ÜBERSETZER", String.raw`back\slash`];
    for (const name of names) await createAgent(parts, caller, chatDefinition({ name }));
    const found = async (name: string) =>
      (await listAgents(parts, caller, { name }, newestFirst)).items
        .map(({ currentVersion }) => currentVersion.definition.name)
        .toReversed();
    expect(await found("SUPPORT")).toEqual(["Support Bot", "support 100%"]);
    expect(await found("100%")).toEqual(["support 100%"]);
    expect(await found("%")).toEqual(["support 100%"]);
    expect(await found("r_a")).toEqual(["Über_Agent"]);
    expect(await found("über")).toEqual(["Über_Agent", "ÜBERSETZER"]);
    expect(await found("\\")).toEqual([String.raw`back\slash`]);
    expect(await found("'")).toEqual([]);
  });

  test("pages hold every agent once, in both directions, with a filter", async () => {
    const { parts } = operations;
    const caller = await operations.stranger();
    const made: Agent[] = [];
    for (let index = 0; index < 7; index += 1) made.push(await createAgent(parts, caller, chatDefinition()));
    const newest = made.map(({ id }) => id).toReversed();
    const paused = made[3];
    if (paused !== undefined) await updateAgent(parts, caller, paused.id, { status: "paused" });
    const active = newest.filter((id) => id !== paused?.id);
    const seen: string[] = [];
    for (let after: string | undefined, more = true; more;) {
      const page = await listAgents(parts, caller, { status: "active" }, { limit: 2, ...(after && { after }) });
      seen.push(...page.items.map(({ id }) => id));
      after = seen.at(-1);
      more = page.hasMore;
    }
    expect(seen).toEqual(active);
    const back = await listAgents(parts, caller, {}, { limit: 2, before: newest[4] });
    expect(back).toMatchObject({ hasMore: true, items: [{ id: newest[2] }, { id: newest[3] }] });
  });

  test("of calls with one idempotency key at the same time one makes an agent, and its answer is kept sealed", async () => {
    const { parts } = operations;
    const caller = await operations.stranger();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 4 }, () =>
        createAgent(parts, withKey(caller, "once", renderSecretAnswer), chatDefinition()),
      ),
    );
    const made = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
    expect(made).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.status === "rejected") expect(outcome.reason).toEqual(failure("idempotency_in_progress"));
    }
    expect((await listAgents(parts, caller, {}, newestFirst)).items).toHaveLength(1);
    const request = { key: "once", route: "POST /v1/things", bodyHash: "00" };
    expect(await findIdempotent(parts, caller, request)).toEqual({
      kind: "answer",
      status: 201,
      body: { id: made[0]?.id, note: "a-secret-answer" },
    });
    const rows = await parts.database.read({ sql: "select * from idempotency", params: [], returnsRows: true });
    expect(JSON.stringify(rows)).not.toContain("a-secret-answer");
    expect(await findIdempotent(parts, operations.first, request)).toEqual({ kind: "new" });
  });

  test("a rollback that changes nothing still keeps the answer to its key", async () => {
    const { parts } = operations;
    const caller = await operations.stranger();
    const agent = await createAgent(parts, caller, chatDefinition());
    await rollbackAgent(
      parts,
      withKey(caller, "same", () => "kept"),
      agent.id,
      1,
    );
    const request = { key: "same", route: "POST /v1/things", bodyHash: "00" };
    expect(await findIdempotent(parts, caller, request)).toMatchObject({ kind: "answer", body: "kept" });
  });
});

function renderSecretAnswer(result: unknown) {
  return { id: (result as Agent).id, note: "a-secret-answer" };
}
