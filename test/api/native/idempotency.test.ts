import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createAgent, errorOf, execute, framesOf, readStream, textOf } from "./native-api.ts";
import { type NativePlatform, startNativePlatform } from "./native-platform.ts";

let native: NativePlatform;
let agentId: string;
beforeAll(async () => {
  native = await startNativePlatform();
  agentId = (await createAgent(native.api)).id;
});
afterAll(() => native[Symbol.asyncDispose]());

let made = 0;
const newKey = () => ({ "idempotency-key": `key-${(made += 1)}` });

describe("a repeated POST", () => {
  it("makes one agent and gives it twice", async () => {
    const key = newKey();
    const body = { name: "Once", model: "scripted/model", systemPrompt: "x" };
    const first = await native.api.post("/v1/agents", body, key);
    const second = await native.api.post("/v1/agents", body, key);
    expect(second.status).toBe(201);
    expect(second.body).toEqual(first.body);
    expect(first.headers.get("idempotent-replayed")).toBeNull();
    expect(second.headers.get("idempotent-replayed")).toBe("true");
    const error = errorOf(await native.api.post("/v1/agents", { ...body, name: "Twice" }, key), 422);
    expect(error).toMatchObject({ type: "validation_error", code: "idempotency_mismatch" });
  });

  it("makes one even when all come at once", async () => {
    const key = newKey();
    const body = { name: "Raced", model: "scripted/model", systemPrompt: "x" };
    const answers = await Promise.all(Array.from({ length: 8 }, () => native.api.post("/v1/agents", body, key)));
    for (const { status } of answers) expect([201, 409]).toContain(status);
    const { body: list } = await native.api.get("/v1/agents?name=Raced");
    expect(list).toMatchObject({ data: [{ name: "Raced" }], hasMore: false });
  });

  it("runs an execution once", async () => {
    const key = newKey();
    const first = await native.api.post(`/v1/agents/${agentId}/execute`, { input: "once" }, key);
    const second = await native.api.post(`/v1/agents/${agentId}/execute`, { input: "once" }, key);
    expect(first.status).toBe(200);
    expect(second.body).toEqual(first.body);
    expect(second.headers.get("idempotent-replayed")).toBe("true");
  });

  it("joins the stream, or is told when to repeat, when both come at once", async () => {
    const path = `/v1/agents/${agentId}/execute`;
    const streamKey = newKey();
    const streamed = { input: "both at once", stream: true };
    const [one, other] = await Promise.all([1, 2].map(() => native.api.open("POST", path, streamed, streamKey)));
    if (one === undefined || other === undefined) throw new Error("two calls give two answers");
    expect([one.status, other.status]).toEqual([200, 200]);
    expect(await readStream(one)).toEqual(await readStream(other));
    expect([one, other].filter(({ headers }) => headers.get("idempotent-replayed") === "true")).toHaveLength(1);

    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    native.platform.model.once([{ type: "gate", until: gate }]);
    const key = newKey();
    const both = [1, 2].map(() => native.api.post(path, { input: "both" }, key));
    const refused = await Promise.race(both);
    expect(errorOf(refused, 409).code).toBe("idempotency_in_progress");
    expect(refused.headers.get("retry-after")).toBe("1");
    open();
    expect((await Promise.all(both)).map(({ status }) => status).toSorted()).toEqual([200, 409]);
  });

  it("is told to wait while the first still runs, or joins its stream", async () => {
    const key = newKey();
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    native.platform.model.once([
      { type: "text", text: "a" },
      { type: "gate", until: gate },
      { type: "text", text: "b" },
    ]);
    const body = { input: "slow", stream: true };
    const first = framesOf(await native.api.open("POST", `/v1/agents/${agentId}/execute`, body, key));
    await first.next();
    const joined = await native.api.open("POST", `/v1/agents/${agentId}/execute`, body, key);
    open();
    const frames = await readStream(joined);
    expect(frames[0]?.event.type).toBe("execution_start");
    expect(textOf(frames)).toBe("ab");
    await first.return(undefined);

    const other = newKey();
    native.platform.model.once([{ type: "stall" }]);
    const waiting = native.api.post(
      `/v1/agents/${agentId}/execute`,
      { input: "stalled" },
      { ...other, prefer: "respond-async" },
    );
    const { body: running } = await waiting;
    const early = await native.api.post(`/v1/agents/${agentId}/execute`, { input: "stalled" }, other);
    expect(errorOf(early, 409).code).toBe("idempotency_in_progress");
    expect(early.headers.get("retry-after")).toBe("1");
    expect(running).toMatchObject({ status: "running" });
    if (typeof running === "object" && running !== null && "id" in running) {
      await native.api.post(`/v1/executions/${String(running["id"])}/cancel`);
    }
  });

  it("repeats the failure of an accepted execution, and tries again what was never accepted", async () => {
    const key = newKey();
    native.platform.model.once([{ type: "status", status: 400, message: "no" }]);
    const first = errorOf(await native.api.post(`/v1/agents/${agentId}/execute`, { input: "x" }, key), 502);
    const second = errorOf(await native.api.post(`/v1/agents/${agentId}/execute`, { input: "x" }, key), 502);
    expect(second.executionId).toBe(first.executionId);
    const refused = newKey();
    await native.api.patch(`/v1/agents/${agentId}`, { status: "paused" });
    errorOf(await native.api.post(`/v1/agents/${agentId}/execute`, { input: "x" }, refused), 409);
    await native.api.patch(`/v1/agents/${agentId}`, { status: "active" });
    expect((await native.api.post(`/v1/agents/${agentId}/execute`, { input: "x" }, refused)).status).toBe(200);
  });

  it("restarts an execution once", async () => {
    const key = newKey();
    const { id } = await execute(native.api, agentId, "again");
    const first = await native.api.post(`/v1/executions/${id}/restart`, undefined, key);
    const second = await native.api.post(`/v1/executions/${id}/restart`, undefined, key);
    expect(first.status).toBe(201);
    expect(second.status).toBe(201);
    expect(second.headers.get("location")).toBe(first.headers.get("location"));
  });

  it("is not another organization's", async () => {
    const key = newKey();
    const body = { name: "Mine", model: "scripted/model", systemPrompt: "x" };
    const stranger = await native.stranger();
    const mine = await native.api.post("/v1/agents", body, key);
    const theirs = await stranger.post("/v1/agents", body, key);
    expect(theirs.status).toBe(201);
    expect(theirs.text).not.toBe(mine.text);
  });
});
