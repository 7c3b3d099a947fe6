import { describe, expect, it } from "vitest";
import type { Agent } from "../contract/agent.ts";
import { newId } from "../contract/ids.ts";
import type { Caller, IdempotencyRequest, IdempotentOutcome } from "../operations/operations.ts";
import { GrowingLog } from "./__fixtures__/growing-log.ts";
import { testExecution, testLog, testOrganization } from "./__fixtures__/operations.ts";
import { startTestServer } from "./__fixtures__/server.ts";

const agentPath = "/v1/agents/agt_01kdm33000e6z8ha6nnzv9t9rq";
const withKey = { "content-type": "application/json", "idempotency-key": "once" };
const agentBody = '{"name":"a","model":"m","systemPrompt":"s"}';

const agent: Agent = {
  id: newId(),
  organizationId: testOrganization.id,
  status: "active",
  currentVersion: {
    id: newId(),
    agentId: newId(),
    number: 1,
    definition: {
      runtime: "chat",
      name: "a",
      model: "m",
      systemPrompt: "s",
      tools: [],
      parameters: {},
      memory: { enabled: true, maxTurns: 50, summarize: false },
      metadata: {},
    },
    createdAt: 0,
  },
  createdAt: 0,
  updatedAt: 0,
};

describe("a POST with an idempotency key", () => {
  it("is known by route and value of its body, whatever its white space", async () => {
    const seen: IdempotencyRequest[] = [];
    await using server = await startTestServer({
      findIdempotent: async (_principal, request) => {
        seen.push(request);
        return { kind: "new" };
      },
      createAgent: async () => agent,
    });
    for (const body of [agentBody, ` ${agentBody} `, agentBody.replace('"m"', '"n"')]) {
      await server.call("/v1/agents", { method: "POST", headers: withKey, body });
    }
    expect(seen.map(({ key, route }) => `${key} ${route}`)).toEqual(Array(3).fill("once POST /v1/agents"));
    expect(seen[1]?.bodyHash).toBe(seen[0]?.bodyHash);
    expect(seen[2]?.bodyHash).not.toBe(seen[0]?.bodyHash);
  });

  it("hands the operation what to store, equal to what it answers", async () => {
    let stored: unknown;
    await using server = await startTestServer({
      createAgent: async (caller: Caller) => {
        stored = caller.idempotency?.render(agent);
        return agent;
      },
    });
    const response = await server.call("/v1/agents", { method: "POST", headers: withKey, body: agentBody });
    expect({ status: response.status, body: await response.json() }).toEqual(stored);
  });

  it("gets the stored answer of the first call again", async () => {
    await using server = await startTestServer({
      findIdempotent: async () => ({ kind: "answer", status: 201, body: { id: "agt_first" } }),
    });
    const response = await server.call("/v1/agents", { method: "POST", headers: withKey, body: agentBody });
    expect(response.status).toBe(201);
    expect(response.headers.get("idempotent-replayed")).toBe("true");
    expect(await response.json()).toEqual({ id: "agt_first" });
  });

  it("is refused while the first call's execution runs, and answered from it afterwards", async () => {
    const execution = testExecution();
    let status: "running" | "completed" = "running";
    await using server = await startTestServer({
      findIdempotent: async (): Promise<IdempotentOutcome> => ({ kind: "execution", executionId: execution.id }),
      getExecution: async () => ({ ...execution, status }),
    });
    const again = () =>
      server.call(`${agentPath}/execute`, { method: "POST", headers: withKey, body: '{"input":"a"}' });
    const early = await again();
    expect(early.status).toBe(409);
    expect(early.headers.get("retry-after")).toBe("1");
    expect(early.headers.get("idempotent-replayed")).toBeNull();
    expect(await early.text()).toContain('"idempotency_in_progress"');
    status = "completed";
    const late = await again();
    expect(late.status).toBe(200);
    expect(late.headers.get("idempotent-replayed")).toBe("true");
  });

  it("joins the first call's stream from its beginning", async () => {
    const execution = testExecution();
    await using server = await startTestServer({
      findIdempotent: async (): Promise<IdempotentOutcome> => ({ kind: "execution", executionId: execution.id }),
      getExecution: async () => execution,
      watchExecution: async (_caller, _id, after) => {
        expect(after).toBe(0);
        const log = new GrowingLog(testLog(execution.id, ["Hel", "lo."]));
        log.end();
        return log;
      },
    });
    const body = '{"input":"a","stream":true}';
    const response = await server.call(`${agentPath}/execute`, { method: "POST", headers: withKey, body });
    expect(response.status).toBe(200);
    expect(response.headers.get("idempotent-replayed")).toBe("true");
    expect(await response.text()).toContain('"type":"done"');
  });

  it.each(["", "a".repeat(256), "caf\u00e9"])("is refused with a key like %j", async (key) => {
    await using server = await startTestServer();
    const headers = { ...withKey, "idempotency-key": key };
    const response = await server.call("/v1/agents", { method: "POST", headers, body: agentBody });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('"param":"Idempotency-Key"');
  });
});
