import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { agentSchema, agentVersionSchema } from "../../../src/http/dialects/native/schemas/agent.ts";
import { pageSchema } from "../../../src/http/dialects/native/schemas/page.ts";
import { bodyOf, createAgent, errorOf, execute } from "./native-api.ts";
import { type NativePlatform, startNativePlatform } from "./native-platform.ts";

let native: NativePlatform;
beforeAll(async () => {
  native = await startNativePlatform();
});
afterAll(() => native[Symbol.asyncDispose]());

const least = { name: "Support", model: "scripted/model", systemPrompt: "You help." };
const lookup = {
  name: "lookup_order",
  description: "Looks an order up.",
  parameters: { type: "object", properties: { orderId: { type: "string" } }, required: ["orderId"] },
};

describe("creating an agent", () => {
  it("gives it back with everything that was left out filled in", async () => {
    const agent = await createAgent(native.api, {
      tools: ["calculator", { name: "datetime" }, lookup],
      parameters: { temperature: 0.3, maxTokens: 1024, topP: 0.9 },
      memory: { enabled: true, maxTurns: 50, summarize: true },
      metadata: { team: "support" },
    });
    expect(agent).toMatchObject({
      id: expect.stringMatching(/^agt_[a-z0-9]+$/),
      ...least,
      status: "active",
      version: 1,
      tools: [{ name: "calculator" }, { name: "datetime" }, lookup],
      parameters: { temperature: 0.3, maxTokens: 1024, topP: 0.9 },
      memory: { enabled: true, maxTurns: 50, summarize: true },
      metadata: { team: "support" },
    });
    expect((await native.api.get(`/v1/agents/${agent.id}`)).body).toEqual(agent);
  });

  it.each([
    [{ ...least, name: undefined }, "missing_required_field", "name"],
    [{ ...least, model: undefined }, "missing_required_field", "model"],
    [{ ...least, systemPrompt: undefined }, "missing_required_field", "systemPrompt"],
    [{ ...least, name: "" }, "invalid_field_value", "name"],
    [{ ...least, name: "a".repeat(101) }, "invalid_field_value", "name"],
    [{ ...least, parameters: { temperature: 1.1 } }, "invalid_field_value", "parameters.temperature"],
    [{ ...least, parameters: { maxTokens: 0 } }, "invalid_field_value", "parameters.maxTokens"],
    [{ ...least, memory: { maxTurns: -1 } }, "invalid_field_value", "memory.maxTurns"],
    [{ ...least, tools: ["unknown"] }, "invalid_field_value", "tools.0.name"],
    [{ ...least, tools: [{ ...lookup, name: "Bad-Name" }] }, "invalid_field_value", "tools.0.name"],
    [{ ...least, tools: [{ ...lookup, parameters: { type: "string" } }] }, "invalid_field_value", "tools.0.parameters"],
    [{ ...least, tools: [{ ...lookup, handler: "ftp://a/" }] }, "invalid_field_value", "tools.0.handler"],
    [{ ...least, outputSchema: { type: "nonsense" } }, "invalid_field_value", "outputSchema"],
  ])("is refused with 400 for a body like %#", async (body, code, param) => {
    expect(errorOf(await native.api.post("/v1/agents", body), 400)).toMatchObject({ code, param });
  });

  it("is refused with 422 for what cannot be together", async () => {
    const twice = errorOf(await native.api.post("/v1/agents", { ...least, tools: ["calculator", "calculator"] }), 422);
    expect(twice).toMatchObject({ type: "validation_error", code: "invalid_field_value" });
    expect(errorOf(await native.api.post("/v1/agents", { ...least, template: "nobody" }), 422).param).toBe("template");
  });

  it("is refused with a handler on an address that may not be called", async () => {
    for (const handler of ["http://127.0.0.1:1/", "http://169.254.169.254/latest", "http://[::1]/"]) {
      const answer = await native.api.post("/v1/agents", { ...least, tools: [{ ...lookup, handler }] });
      expect(answer.status, answer.text).toBeGreaterThanOrEqual(400);
      expect(answer.status).toBeLessThan(500);
    }
  });
});

describe("changing an agent", () => {
  it("changes only what was sent, merging one level deep", async () => {
    const { id } = await createAgent(native.api, {
      parameters: { temperature: 0.3, maxTokens: 10 },
      metadata: { a: 1, b: 2 },
    });
    const change = { parameters: { temperature: 0.9 }, metadata: { a: null, c: 3 }, name: "Renamed" };
    const agent = bodyOf(await native.api.patch(`/v1/agents/${id}`, change), 200, agentSchema);
    expect(agent).toMatchObject({ name: "Renamed", version: 2, systemPrompt: least.systemPrompt });
    expect(agent).toHaveProperty("parameters", { temperature: 0.9, maxTokens: 10 });
    expect(agent.metadata).toEqual({ b: 2, c: 3 });
  });

  it("makes no version where nothing changes", async () => {
    const { id } = await createAgent(native.api);
    expect(bodyOf(await native.api.patch(`/v1/agents/${id}`, {}), 200, agentSchema).version).toBe(1);
    expect(bodyOf(await native.api.patch(`/v1/agents/${id}`, { name: least.name }), 200, agentSchema).version).toBe(1);
    const paused = bodyOf(await native.api.patch(`/v1/agents/${id}`, { status: "paused" }), 200, agentSchema);
    expect(paused).toMatchObject({ status: "paused", version: 1 });
  });

  it("takes the changes of many who come at once, one after the other", async () => {
    const { id } = await createAgent(native.api);
    const writes = Array.from({ length: 20 }, (_, n) =>
      native.api.patch(
        `/v1/agents/${id}`,
        n < 16 ? { metadata: { [`k${n}`]: n } } : { status: "paused" }, // in whatever order they arrive
      ),
    );
    const answers = await Promise.all(writes);
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    const agent = bodyOf(await native.api.get(`/v1/agents/${id}`), 200, agentSchema);
    expect(Object.keys(agent.metadata)).toHaveLength(16);
    expect(agent).toMatchObject({ version: 17, status: "paused" });
  });

  it("is refused for wrong fields and for agents that are not there", async () => {
    const { id } = await createAgent(native.api);
    expect(errorOf(await native.api.patch(`/v1/agents/${id}`, { status: "gone" }), 400).param).toBe("status");
    expect(errorOf(await native.api.patch(`/v1/agents/${id}`, { name: null }), 400).param).toBe("name");
    expect(errorOf(await native.api.patch("/v1/agents/agt_x", { name: "a" }), 404).code).toBe("agent_not_found");
  });
});

describe("versions", () => {
  it("are kept, and can be gone back to", async () => {
    const { id } = await createAgent(native.api);
    await native.api.patch(`/v1/agents/${id}`, { systemPrompt: "Second." });
    await native.api.patch(`/v1/agents/${id}`, { systemPrompt: "Third." });
    const { data } = bodyOf(await native.api.get(`/v1/agents/${id}/versions`), 200, pageSchema(agentVersionSchema));
    expect(data.map((one) => [one.version, "systemPrompt" in one && one.systemPrompt])).toEqual([
      [3, "Third."],
      [2, "Second."],
      [1, least.systemPrompt],
    ]);
    const back = bodyOf(await native.api.post(`/v1/agents/${id}/rollback`), 200, agentSchema);
    expect(back).toMatchObject({ version: 4, systemPrompt: "Second." });
    const first = bodyOf(await native.api.post(`/v1/agents/${id}/rollback`, { version: 1 }), 200, agentSchema);
    expect(first).toMatchObject({ version: 5, systemPrompt: least.systemPrompt });
    expect(errorOf(await native.api.post(`/v1/agents/${id}/rollback`, { version: 99 }), 404).code).toBe(
      "agent_version_not_found",
    );
    expect(errorOf(await native.api.post(`/v1/agents/${id}/rollback`, { version: "1" }), 400).param).toBe("version");
  });
});

describe("listing agents", () => {
  it("filters by status and by a part of the name", async () => {
    const { id } = await createAgent(native.api, { name: "Zebra Finder" });
    await native.api.patch(`/v1/agents/${id}`, { status: "paused" });
    const list = async (query: string) =>
      bodyOf(await native.api.get(`/v1/agents?${query}`), 200, pageSchema(agentSchema)).data.map((agent) => agent.id);
    expect(await list("name=zEBRA")).toEqual([id]);
    expect(await list("name=zebra&status=active")).toEqual([]);
    expect(await list("status=paused&limit=100")).toContain(id);
    expect(await list("name=100%25")).toEqual([]);
    expect(errorOf(await native.api.get("/v1/agents?status=gone"), 400).param).toBe("status");
  });
});

describe("deleting an agent", () => {
  it("takes it away for good", async () => {
    const { id } = await createAgent(native.api);
    const answer = await native.api.delete(`/v1/agents/${id}`);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ id, deleted: true });
    for (const again of [
      await native.api.get(`/v1/agents/${id}`),
      await native.api.delete(`/v1/agents/${id}`),
      await native.api.patch(`/v1/agents/${id}`, { name: "a" }),
      await native.api.post(`/v1/agents/${id}/execute`, { input: "a" }),
    ]) {
      expect(errorOf(again, 404).code).toBe("agent_not_found");
    }
  });

  it("lets its executions be read", async () => {
    const { id } = await createAgent(native.api);
    const execution = await execute(native.api, id, "hello");
    await native.api.delete(`/v1/agents/${id}`);
    expect((await native.api.get(`/v1/executions/${execution.id}`)).body).toEqual(execution);
  });
});

describe("another organization", () => {
  it("finds no agent of ours by any call", async () => {
    const { id } = await createAgent(native.api);
    const stranger = await native.stranger();
    for (const answer of [
      await stranger.get(`/v1/agents/${id}`),
      await stranger.patch(`/v1/agents/${id}`, { name: "mine" }),
      await stranger.delete(`/v1/agents/${id}`),
      await stranger.get(`/v1/agents/${id}/versions`),
      await stranger.post(`/v1/agents/${id}/rollback`),
      await stranger.get(`/v1/agents/${id}/tool-secret`),
    ]) {
      expect(errorOf(answer, 404).code).toBe("agent_not_found");
    }
    expect((await stranger.get("/v1/agents")).body).toEqual({ data: [], hasMore: false });
    expect((await native.api.get(`/v1/agents/${id}`)).status).toBe(200);
  });
});

describe("the tool secret", () => {
  it("is the same each time and not that of another agent", async () => {
    const [one, two] = [await createAgent(native.api), await createAgent(native.api)];
    const secret = async (id: string) => (await native.api.get(`/v1/agents/${id}/tool-secret`)).body;
    expect(await secret(one.id)).toEqual({ secret: expect.stringMatching(/^.{20,}$/) });
    expect(await secret(one.id)).toEqual(await secret(one.id));
    expect(await secret(one.id)).not.toEqual(await secret(two.id));
  });
});
