import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { agentSchema } from "../../../src/http/dialects/charm/schemas/agent.ts";
import { runSchema } from "../../../src/http/dialects/charm/schemas/run.ts";
import { bodyOf, eventsOf } from "./charm-api.ts";
import { type CharmPlatform, startCharmPlatform } from "./charm-platform.ts";

let charm: CharmPlatform;
let agentId: string;
beforeAll(async () => {
  charm = await startCharmPlatform();
  const lookup = {
    name: "lookup_order",
    description: "Looks an order up.",
    parameters: { type: "object", properties: { orderId: { type: "string" } } },
  };
  const fields = { name: "Support", model: "scripted/model", systemPrompt: "You help.", tools: ["calculator", lookup] };
  const answer = await charm.api.post("/v1/agents", fields);
  expect(answer.status, answer.text).toBe(201);
  const { items } = { items: bodyOf(await charm.api.get("/charm/v1/agents"), 200, z.array(agentSchema)) };
  agentId = items[0]?.id ?? "";
});
afterAll(() => charm[Symbol.asyncDispose]());

const execute = (fields: object) =>
  charm.api.open("POST", "/charm/v1/execute", { agent_id: agentId, version: "1.0.0", ...fields });

describe("an agent that was made natively", () => {
  it("goes by its plain UUID and its number as a version", async () => {
    const agent = bodyOf(await charm.api.get(`/charm/v1/agents/${agentId}`), 200, agentSchema);
    expect(agent).toMatchObject({ name: "Support", version: "1.0.0", user_id: null, config: null });
  });

  it("runs through this API, deltas and final", async () => {
    const response = await execute({ input_payload: { message: "hello" }, thread_id: "chat-1" });
    const runId = response.headers.get("x-run-id");
    const events = await eventsOf(response);
    expect(
      events
        .filter(({ type }) => type === "delta")
        .map(({ content }) => content)
        .join(""),
    ).toBe("You said: hello");
    expect(events.slice(-2)).toEqual([
      { type: "final", content: "You said: hello", format: "markdown" },
      { type: "internal_run_finished", content: { exit_code: 0, duration_ms: expect.any(Number) } },
    ]);
    const run = bodyOf(await charm.api.get(`/charm/v1/runs/${runId}`), 200, runSchema);
    expect(run).toMatchObject({
      status: "success",
      thread_id: "chat-1",
      input_payload: { message: "hello" },
      result_content: { output: "You said: hello", format: "markdown" },
    });
    await eventsOf(await execute({ input_payload: { message: "again" }, thread_id: "chat-1" }));
    expect(JSON.stringify(charm.platform.model.requests.at(-1))).toContain("You said: hello");
  });

  it("that waits for a tool of its client is suspended, and its stream ends", async () => {
    charm.platform.model.once([{ type: "tool-call", name: "lookup_order", input: { orderId: "7" } }]);
    const response = await execute({ input_payload: { message: "where" } });
    const runId = response.headers.get("x-run-id");
    const events = await eventsOf(response);
    expect(events).toMatchObject([
      { type: "control", status: "suspended", next_step: { tool: "lookup_order", parameters: { orderId: "7" } } },
      { type: "internal_run_finished", content: { exit_code: 0 } },
    ]);
    expect(bodyOf(await charm.api.get(`/charm/v1/runs/${runId}`), 200, runSchema).status).toBe("suspended");
  });

  it("takes no files, and no version of its own naming", async () => {
    const files = { a: "https://example.com/a" };
    expect((await execute({ files })).status).toBe(422);
    expect((await execute({ version: "2.0.0" })).status).toBe(404);
    expect((await charm.api.patch(`/charm/v1/agents/${agentId}`, { version: "2.0.0" })).status).toBe(422);
    expect(await charm.api.patch(`/charm/v1/agents/${agentId}`, { name: "Renamed" })).toMatchObject({
      status: 200,
      body: { name: "Renamed", version: "2.0.0" },
    });
  });
});
