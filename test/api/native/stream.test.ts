import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  createAgent,
  errorOf,
  execute,
  executeInBackground,
  framesOf,
  getExecution,
  readStream,
  textOf,
} from "./native-api.ts";
import { type NativePlatform, startNativePlatform } from "./native-platform.ts";

let native: NativePlatform;
let agentId: string;
beforeAll(async () => {
  native = await startNativePlatform();
  agentId = (await createAgent(native.api, { tools: ["calculator"] })).id;
});
afterAll(() => native[Symbol.asyncDispose]());

const stream = (input: string, headers: Record<string, string> = {}) =>
  native.api.open("POST", `/v1/agents/${agentId}/execute`, { input, stream: true }, headers);

describe("a streamed execution", () => {
  it("shows the documented events in their order, with a tool in the middle", async () => {
    const model = native.platform.model;
    model.once([
      { type: "reasoning", text: "Let me see." },
      { type: "text", text: ["One ", "moment. "] },
      { type: "tool-call", name: "calculator", arguments: { expression: "6*7" } },
    ]);
    model.once([{ type: "text", text: ["It is ", "42."] }]);
    const response = await stream("what is six times seven?");
    expect(response.headers.get("cache-control")).toBe("no-cache, no-transform");
    expect(response.headers.get("x-request-id")).toMatch(/^req_/);
    const frames = await readStream(response);
    const types = frames.map(({ event }) => event.type).filter((type, index, all) => type !== all[index - 1]);
    expect(types).toEqual([
      "execution_start",
      "thinking",
      "text_delta",
      "tool_call_start",
      "tool_call_end",
      "text_delta",
      "done",
    ]);
    const ids = frames.map(({ id }) => id);
    expect(ids[0]).toBe(1);
    expect(ids).toEqual([...new Set(ids)].toSorted((left, right) => left - right));
    const start = frames[0]?.event;
    const end = frames.at(-1)?.event;
    if (start?.type !== "execution_start" || end?.type !== "done") throw new Error("wrong ends");
    expect(response.headers.get("x-execution-id")).toBe(start.executionId);
    expect(response.headers.get("x-conversation-id")).toBe(start.conversationId);
    expect(textOf(frames)).toBe("One moment. It is 42.");
    const execution = await getExecution(native.api, start.executionId);
    expect(execution.output).toBe(textOf(frames));
    expect(end).toMatchObject({
      executionId: execution.id,
      conversationId: execution.conversationId,
      status: "completed",
      output: execution.output,
      usage: execution.usage,
      timing: execution.timing,
    });
    const [begun, ended] = frames.flatMap(({ event }) =>
      event.type === "tool_call_start" || event.type === "tool_call_end" ? [event] : [],
    );
    expect(begun).toMatchObject({ name: "calculator", parameters: { expression: "6*7" } });
    expect(ended?.id).toBe(begun?.id);
  });

  it("has no event lines and no end marker of its own", async () => {
    const text = await (await stream("hello")).text();
    expect(text).not.toMatch(/^event:/m);
    expect(text).not.toContain("[DONE]");
    expect(text.trimEnd().split("\n\n").at(-1)).toContain('"type":"done"');
  });

  it("has only the six documented types for strict clients", async () => {
    const frames = await readStream(await stream("hello", { "x-ya-stream": "strict" }));
    expect(frames.map(({ event }) => event.type)).not.toContain("execution_start");
    expect(frames[0]?.id).toBeGreaterThan(1);
    expect(textOf(frames)).toBe("You said: hello");
  });

  it("ends with an error frame when the run fails", async () => {
    native.platform.model.once([{ type: "status", status: 400, message: "no" }]);
    const response = await stream("hello");
    expect(response.status).toBe(200);
    const frames = await readStream(response);
    expect(frames.map(({ event }) => event.type)).toEqual(["execution_start", "error"]);
    expect(frames.at(-1)?.event).toMatchObject({
      errorType: "upstream_error",
      requestId: response.headers.get("x-request-id"),
      executionId: response.headers.get("x-execution-id"),
    });
  });

  it("answers what is wrong before it begins with plain JSON and its status", async () => {
    const response = await native.api.open("POST", "/v1/agents/agt_x/execute", { input: "a", stream: true });
    expect(response.status).toBe(404);
    expect(response.headers.get("content-type")).toContain("application/json");
    await response.text();
  });
});

describe("a reader", () => {
  it("gets the same text after a drop at any number", async () => {
    const whole = await readStream(await stream("count 12"));
    const start = whole[0]?.event;
    if (start?.type !== "execution_start") throw new Error("no start");
    const last = whole.at(-1)?.id ?? 0;
    for (let after = 0; after <= last; after += 1) {
      const byQuery = await native.api.open("GET", `/v1/executions/${start.executionId}/stream?after=${after}`);
      const rest = await readStream(byQuery);
      const seen = whole.filter(({ id }) => id <= after);
      expect([...seen, ...rest].map(({ id }) => id)).toEqual(whole.map(({ id }) => id));
      expect(textOf([...seen, ...rest])).toBe(textOf(whole));
    }
    const byHeader = await native.api.open("GET", `/v1/executions/${start.executionId}/stream?after=0`, undefined, {
      "last-event-id": String(last),
    });
    expect(await readStream(byHeader)).toEqual([]);
  });

  it("sees the same bytes as any other, joining before, in the middle or after the end", async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    native.platform.model.once([
      { type: "text", text: ["a", "b"] },
      { type: "gate", until: gate },
      { type: "text", text: ["c"] },
    ]);
    const execution = await executeInBackground(native.api, agentId, "x");
    const path = `/v1/executions/${execution.id}/stream`;
    const early = await native.api.open("GET", path);
    const frames = framesOf(early);
    for (let seen = ""; seen !== "ab";) {
      const { value } = await frames.next();
      if (value?.event.type === "text_delta") seen += value.event.text;
    }
    const middle = native.api.open("GET", path);
    open();
    const inMiddle = await readStream(await middle);
    const after = await readStream(await native.api.open("GET", path));
    expect(inMiddle).toEqual(after);
    expect(textOf(after)).toBe("abc");
    await frames.return(undefined);
  });

  it("goes on behind the newest event of an execution that runs", async () => {
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
    native.platform.model.once([
      { type: "text", text: ["a"] },
      { type: "gate", until: gates[0].promise },
      { type: "text", text: ["b"] },
      { type: "gate", until: gates[1].promise },
      { type: "text", text: ["c"] },
    ]);
    const { id } = await executeInBackground(native.api, agentId, "x");
    const frames = framesOf(await native.api.open("GET", `/v1/executions/${id}/stream`));
    let newest: string | undefined;
    for (let seen = ""; seen !== "ab";) {
      const { value } = await frames.next();
      if (value?.event.type !== "text_delta") continue;
      seen += value.event.text;
      newest = value.id;
      gates[0].resolve();
    }
    const resumed = await native.api.open("GET", `/v1/executions/${id}/stream`, undefined, {
      "last-event-id": newest ?? "",
    });
    gates[1].resolve();
    expect(textOf(await readStream(resumed))).toBe("c");
    await frames.return(undefined);
  });

  it("that leaves does not stop the execution", async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    native.platform.model.once([
      { type: "text", text: ["a"] },
      { type: "gate", until: gate },
      { type: "text", text: ["b"] },
    ]);
    const response = await stream("x");
    const frames = framesOf(response);
    await frames.next();
    await frames.return(undefined);
    open();
    const id = response.headers.get("x-execution-id") ?? "";
    const rest = await readStream(await native.api.open("GET", `/v1/executions/${id}/stream`));
    expect(rest.at(-1)?.event).toMatchObject({ type: "done", status: "completed", output: "ab" });
  });

  it("is refused with a number past the end, with nonsense, and without the execution", async () => {
    const { id } = await execute(native.api, agentId, "hello");
    const path = `/v1/executions/${id}/stream`;
    expect(errorOf(await native.api.get(`${path}?after=100000`), 400).code).toBe("invalid_field_value");
    expect(errorOf(await native.api.get(`${path}?after=-1`), 400).param).toBe("after");
    expect(errorOf(await native.api.get(path, { "last-event-id": "seven" }), 400).param).toBe("Last-Event-ID");
    expect(errorOf(await native.api.get("/v1/executions/exec_x/stream"), 404).code).toBe("execution_not_found");
    const stranger = await native.stranger();
    expect(errorOf(await stranger.get(path), 404).code).toBe("execution_not_found");
  });
});
