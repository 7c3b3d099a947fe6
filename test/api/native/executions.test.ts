import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { executionSchema, type WireExecution } from "../../../src/http/dialects/native/schemas/execution.ts";
import { pageSchema } from "../../../src/http/dialects/native/schemas/page.ts";
import { bodyOf, createAgent, errorOf, execute, untilEnd } from "./native-api.ts";
import { type NativePlatform, startNativePlatform } from "./native-platform.ts";

let native: NativePlatform;
beforeAll(async () => {
  native = await startNativePlatform();
});
afterAll(() => native[Symbol.asyncDispose]());

const pageOfExecutions = pageSchema(executionSchema);

async function list(query: string): Promise<z.output<typeof pageOfExecutions>> {
  return bodyOf(await native.api.get(`/v1/executions?${query}`), 200, pageOfExecutions);
}

/** Walks forward through all pages; `between` runs before each further page. */
async function walk(query: string, between: () => Promise<unknown> = async () => undefined): Promise<WireExecution[]> {
  const all: WireExecution[] = [];
  let cursor = "";
  for (;;) {
    const page = await list(`${query}${cursor}`);
    all.push(...page.data);
    expect(page.nextCursor === undefined).toBe(!page.hasMore);
    if (page.nextCursor === undefined) return all;
    expect(page.nextCursor).toBe(page.data.at(-1)?.id);
    cursor = `&after=${page.nextCursor}`;
    await between();
  }
}

describe("listing executions", () => {
  it("goes through 250 of them by each filter while new ones arrive, each once, newest first", async () => {
    const [one, two] = [await createAgent(native.api), await createAgent(native.api)];
    const made: string[] = [];
    for (let index = 0; index < 250; index += 25) {
      const batch = Array.from({ length: 25 }, (_, offset) =>
        execute(native.api, (index + offset) % 2 === 0 ? one.id : two.id, `run ${index + offset}`),
      );
      made.push(...(await Promise.all(batch)).map(({ id }) => id));
    }
    const arrive = () => execute(native.api, one.id, "late");
    const today = new Date().toISOString().slice(0, 10);
    for (const [query, expected] of [
      ["limit=100", 250],
      [`limit=17&agentId=${one.id}`, 125],
      [`limit=100&agentId=${two.id}&status=completed`, 125],
      [`limit=60&startDate=${today}&endDate=${today}&status=completed,failed`, 250],
    ] as const) {
      const ids = (await walk(query, arrive)).map(({ id }) => id);
      expect(ids).toEqual([...new Set(ids)].toSorted().toReversed());
      expect(ids.filter((id) => made.includes(id))).toHaveLength(expected);
    }
    expect(await walk("limit=100&status=failed")).toEqual([]);
  });

  it("goes back towards newer ones with before", async () => {
    const agent = await createAgent(native.api);
    const ids: string[] = [];
    for (let index = 0; index < 5; index += 1) ids.push((await execute(native.api, agent.id, "x")).id);
    const page = await list(`agentId=${agent.id}&limit=2&before=${ids[0]}`);
    expect(page).toMatchObject({ hasMore: true, nextCursor: ids[2] });
    expect(page.data.map(({ id }) => id)).toEqual([ids[2], ids[1]]);
    const rest = await list(`agentId=${agent.id}&limit=2&before=${ids[2]}`);
    expect(rest.hasMore).toBe(false);
    expect(rest.data.map(({ id }) => id)).toEqual([ids[4], ids[3]]);
  });

  it("bounds by time inclusively, a date being its whole UTC day", async () => {
    const agent = await createAgent(native.api);
    const { id, createdAt } = await execute(native.api, agent.id, "x");
    const day = createdAt.slice(0, 10);
    const shift = (days: number) => new Date(Date.parse(day) + days * 86_400_000).toISOString().slice(0, 10);
    const found = async (query: string) =>
      (await list(`agentId=${agent.id}&${query}`)).data.some((one) => one.id === id);
    expect(await found(`endDate=${day}`)).toBe(true);
    expect(await found(`startDate=${day}`)).toBe(true);
    expect(await found(`startDate=${createdAt}&endDate=${createdAt}`)).toBe(true);
    expect(await found(`endDate=${shift(-1)}`)).toBe(false);
    expect(await found(`startDate=${shift(1)}`)).toBe(false);
  });

  it("gives an empty list for an agent that is not there", async () => {
    expect(await list("agentId=agt_nonsense")).toEqual({ data: [], hasMore: false });
  });

  it.each([
    ["limit=0", "limit"],
    ["limit=101", "limit"],
    ["limit=1.5", "limit"],
    ["limit=ten", "limit"],
    ["limit=1&limit=2", "limit"],
    ["status=unknown", "status"],
    ["status=completed,unknown", "status"],
    ["after=agt_x", "after"],
    ["before=exec_short", "before"],
    ["startDate=yesterday", "startDate"],
    ["endDate=2026-02-30", "endDate"],
  ])("refuses %s", async (query, param) => {
    expect(errorOf(await native.api.get(`/v1/executions?${query}`), 400)).toMatchObject({
      type: "invalid_request_error",
      code: "invalid_field_value",
      param,
    });
  });

  it.each(["1.5", "ten", "", "1e3"])("says of limit=%s that it takes whole numbers", async (text) => {
    const { message } = errorOf(await native.api.get(`/v1/executions?limit=${text}`), 400);
    expect(message).toBe(`"limit" must be a whole number, but is "${text}".`);
  });

  it("refuses two cursors at once, and a range that ends before it begins", async () => {
    const agent = await createAgent(native.api);
    const { id } = await execute(native.api, agent.id, "x");
    expect(errorOf(await native.api.get(`/v1/executions?after=${id}&before=${id}`), 400).param).toBe("before");
    const error = errorOf(await native.api.get("/v1/executions?startDate=2026-03-02&endDate=2026-03-01"), 422);
    expect(error).toMatchObject({ type: "validation_error", code: "invalid_field_value", param: "endDate" });
  });

  it("shows nothing of another organization", async () => {
    const agent = await createAgent(native.api);
    const { id } = await execute(native.api, agent.id, "x");
    const stranger = await native.stranger();
    expect((await stranger.get("/v1/executions")).body).toEqual({ data: [], hasMore: false });
    expect((await stranger.get(`/v1/executions?agentId=${agent.id}&before=${id}`)).body).toEqual({
      data: [],
      hasMore: false,
    });
  });
});

describe("starting an ended execution again", () => {
  it("makes a new one with the same input, and leaves the old one as it is", async () => {
    const agent = await createAgent(native.api);
    const old = await execute(native.api, agent.id, "again");
    const answer = await native.api.post(`/v1/executions/${old.id}/restart`);
    const fresh = bodyOf(answer, 201, executionSchema);
    expect(fresh.id).not.toBe(old.id);
    expect(answer.headers.get("location")).toBe(`/v1/executions/${fresh.id}`);
    expect(await untilEnd(native.api, fresh.id)).toMatchObject({ status: "completed", input: "again" });
    expect((await native.api.get(`/v1/executions/${old.id}`)).body).toEqual(old);
  });

  it("is refused while it runs, and for strangers", async () => {
    const agent = await createAgent(native.api);
    native.platform.model.once([{ type: "stall" }]);
    const running = await native.api.post(
      `/v1/agents/${agent.id}/execute`,
      { input: "x" },
      { prefer: "respond-async" },
    );
    const { id } = bodyOf(running, 202, executionSchema);
    expect(errorOf(await native.api.post(`/v1/executions/${id}/restart`), 409).code).toBe("execution_not_running");
    const stranger = await native.stranger();
    expect(errorOf(await stranger.post(`/v1/executions/${id}/restart`), 404).code).toBe("execution_not_found");
    await native.api.post(`/v1/executions/${id}/cancel`);
  });

  it("is refused for an agent that is paused or deleted", async () => {
    const agent = await createAgent(native.api);
    const { id } = await execute(native.api, agent.id, "x");
    await native.api.patch(`/v1/agents/${agent.id}`, { status: "paused" });
    expect(errorOf(await native.api.post(`/v1/executions/${id}/restart`), 409).code).toBe("agent_paused");
    await native.api.delete(`/v1/agents/${agent.id}`);
    expect(errorOf(await native.api.post(`/v1/executions/${id}/restart`), 404).code).toBe("agent_not_found");
  });
});
