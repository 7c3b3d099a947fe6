import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createScriptedModel, type ScriptedModel, type ScriptStep } from "../../../test/support/scripted-model.ts";
import { createOutbound } from "../../egress/create-outbound.ts";
import type { LanguageModel, ModelMessage, ModelPart, ModelRequest } from "../language-model.ts";
import { type AnthropicOptions, createAnthropicModel } from "./anthropic-model.ts";

const outbound = createOutbound({ allowedHosts: ["127.0.0.1:*"] });
const apiKey = "sk-ant-test-0123456789";
const hello: ModelRequest = { system: [], messages: [{ role: "user", content: "hello" }] };
const { signal } = new AbortController();
const cacheHere = { type: "ephemeral" };
let server: ScriptedModel;

beforeAll(async () => {
  server = await createScriptedModel();
});
afterEach(() => {
  server.script();
  server.requests.length = 0;
});
afterAll(async () => {
  await outbound[Symbol.asyncDispose]();
  await server.close();
});

function model(options: Partial<AnthropicOptions> = {}): LanguageModel {
  return createAnthropicModel({
    id: "anthropic/test",
    modelName: "claude-sonnet-4-5",
    baseUrl: server.url,
    apiKey,
    outbound,
    ...options,
  });
}

async function collect(request: ModelRequest = hello, options: Partial<AnthropicOptions> = {}) {
  const parts: ModelPart[] = [];
  for await (const part of model(options).stream(request, { signal })) parts.push(part);
  return parts;
}

async function answer(steps: readonly ScriptStep[], request = hello) {
  server.once(steps);
  return collect(request);
}

async function failure(steps: readonly ScriptStep[]): Promise<unknown> {
  return answer(steps).then(
    () => expect.fail("it succeeded"),
    (error: unknown) => error,
  );
}

/** A body as it was seen on the wire. */
function raw(...events: { type: string }[]): ScriptStep[] {
  const text = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join("");
  return [{ type: "raw", text }, { type: "close" }];
}
const start = (block: object, index = 0) => ({ type: "content_block_start", index, content_block: block });
const delta = (body: object, index = 0) => ({ type: "content_block_delta", index, delta: body });
const stop = (index = 0) => ({ type: "content_block_stop", index });
const end = (reason: string, usage?: object) => ({ type: "message_delta", delta: { stop_reason: reason }, usage });
const messageStop = { type: "message_stop" };
const calls = (parts: readonly ModelPart[]) =>
  parts.filter((part) => part.type === "tool-call").map(({ call }) => call);
const text = (parts: readonly ModelPart[]) =>
  parts.map((part) => (part.type === "text-delta" ? part.text : "")).join("");
const said = (content: string): ModelMessage[] => [
  { role: "user", content: "hello" },
  { role: "assistant", content },
];

describe("a request", () => {
  test("carries key, version, bounds and marks for the cache", async () => {
    await collect({
      system: ["Be brief.", "", "Be kind."],
      messages: [
        { role: "user", content: "hello" },
        { role: "assistant", content: "hi" },
        { role: "user", content: "bye" },
      ],
      tools: [
        { name: "one", description: "1", parameters: { type: "object" } },
        { name: "two", description: "2", parameters: { type: "object", properties: {} } },
      ],
      temperature: 1.5,
      topP: 0.9,
    });
    const request = server.requests[0];
    expect(request?.path).toBe("/v1/messages");
    expect(request?.headers).toMatchObject({ "x-api-key": apiKey, "anthropic-version": "2023-06-01" });
    expect(request?.body).toEqual({
      model: "claude-sonnet-4-5",
      max_tokens: 8192,
      stream: true,
      system: [
        { type: "text", text: "Be brief." },
        { type: "text", text: "Be kind.", cache_control: cacheHere },
      ],
      messages: [
        { role: "user", content: [{ type: "text", text: "hello" }] },
        { role: "assistant", content: [{ type: "text", text: "hi" }] },
        { role: "user", content: [{ type: "text", text: "bye", cache_control: cacheHere }] },
      ],
      tools: [
        { name: "one", description: "1", input_schema: { type: "object", properties: {} } },
        { name: "two", description: "2", input_schema: { type: "object", properties: {} }, cache_control: cacheHere },
      ],
      temperature: 1,
    });
  });

  test("is plain without caching, and takes a base URL with the version", async () => {
    await collect({ ...hello, topP: 0.5, maxTokens: 7 }, { promptCaching: false, baseUrl: `${server.url}/v1/` });
    expect(server.requests[0]?.path).toBe("/v1/messages");
    expect(server.requests[0]?.body).toEqual({
      model: "claude-sonnet-4-5",
      max_tokens: 7,
      stream: true,
      messages: [{ role: "user", content: [{ type: "text", text: "hello" }] }],
      top_p: 0.5,
    });
  });

  test("puts thinking, text and calls in order, and all results into one turn before the user's text", async () => {
    const thinking = { type: "thinking", thinking: "hm", signature: "c2ln" };
    await collect(
      {
        system: [],
        messages: [
          { role: "user", content: "hello" },
          {
            role: "assistant",
            content: "Let me see.",
            toolCalls: [
              { id: "toolu_1", name: "one", input: { a: 1 } },
              { id: "call:2", name: "files/read", input: {} },
            ],
            reasoning: [thinking, { type: "chat-reasoning", field: "reasoning", text: "alien" }],
          },
          { role: "tool", callId: "toolu_1", name: "one", output: { ok: true }, isError: false },
          { role: "tool", callId: "call:2", name: "files/read", output: "no such file", isError: true },
          { role: "user", content: "and now?" },
        ],
      },
      { promptCaching: false },
    );
    const oddId = expect.stringMatching(/^call_2_[0-9a-f]{10}$/);
    expect(server.requests[0]?.body.messages).toEqual([
      { role: "user", content: [{ type: "text", text: "hello" }] },
      {
        role: "assistant",
        content: [
          thinking,
          { type: "text", text: "Let me see." },
          { type: "tool_use", id: "toolu_1", name: "one", input: { a: 1 } },
          { type: "tool_use", id: oddId, name: expect.stringMatching(/^files_read_[0-9a-f]{10}$/), input: {} },
        ],
      },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "toolu_1", content: '{"ok":true}' },
          { type: "tool_result", tool_use_id: oddId, content: "no such file", is_error: true },
          { type: "text", text: "and now?" },
        ],
      },
    ]);
  });

  test("maps odd tool names and schemas back", async () => {
    server.script((request) => [
      { type: "tool-call", id: "t", name: request.toolNames[0] ?? "", arguments: { input: { a: 1 } } },
    ]);
    const tools = [{ name: "a.b", description: "", parameters: { oneOf: [{ type: "object" }] } }];
    expect(calls(await collect({ ...hello, tools }))).toEqual([{ id: "t", name: "a.b", input: { a: 1 } }]);
  });

  test("asks for an answer of a schema where model and schema allow", async () => {
    const outputSchema = { type: "object", properties: { a: { type: "string" } }, additionalProperties: false };
    const format = { format: { type: "json_schema", schema: outputSchema } };
    await collect({ ...hello, outputSchema });
    await collect({ ...hello, outputSchema }, { modelName: "claude-3-5-haiku-latest" });
    await collect({ ...hello, outputSchema: { type: "object", properties: {} } });
    await collect({ ...hello, messages: said("{"), outputSchema });
    expect(server.requests.map(({ body }) => body.output_config)).toEqual([format, undefined, undefined, undefined]);
  });
});

describe("an answer that is gone on from", () => {
  test("is the prefill, outside the cache", async () => {
    await collect({ system: [], messages: said("1 2") });
    expect(server.requests[0]?.body.messages).toEqual([
      { role: "user", content: [{ type: "text", text: "hello", cache_control: cacheHere }] },
      { role: "assistant", content: [{ type: "text", text: "1 2" }] },
    ]);
  });

  test.each([
    ["1 2 ", [" 3", " 4"], "1 2 3 4"],
    ["1 2 ", ["3", " 4"], "1 2 3 4"],
    ["1 2\n\n", ["\n", "\n", "\n3"], "1 2\n\n\n3"],
    ["1 2\n", [" ", "3"], "1 2\n 3"],
    ["1 2", [" 3"], "1 2 3"],
  ])("joins %j and %j without a seam", async (shown, pieces, joined) => {
    const parts = await answer([{ type: "text", text: pieces }], { system: [], messages: said(shown) });
    expect(JSON.stringify(server.requests[0]?.body.messages)).toContain('"text":"1 2"');
    expect(shown + text(parts)).toBe(joined);
    expect(parts.every((part) => part.type !== "text-delta" || part.text !== "")).toBe(true);
  });

  test.each([
    ["claude-3-haiku-20240307", true],
    ["claude-3-5-sonnet-latest", true],
    ["claude-opus-4-20250514", true],
    ["claude-opus-4-5-20251101", true],
    ["anthropic/claude-sonnet-4.5", true],
    ["claude-opus-4-6", false],
    ["claude-sonnet-4-6-20260217", false],
    ["claude-sonnet-5", false],
    ["claude-mythos-preview", false],
    ["glm-4.6", true],
  ])("is possible with %s: %s", (modelName, continues) => {
    expect(model({ modelName }).continuesAnswers).toBe(continues);
  });

  test("is not possible for a model that thinks, which takes no temperature either", async () => {
    const options = { extraBody: { thinking: { type: "enabled", budget_tokens: 1024 } } };
    expect(model(options).continuesAnswers).toBe(false);
    expect(model({ ...options, capabilities: { prefill: true } }).continuesAnswers).toBe(true);
    await collect({ ...hello, temperature: 0.5 }, options);
    expect(server.requests[0]?.body).toMatchObject(options.extraBody);
    expect(server.requests[0]?.body).not.toHaveProperty("temperature");
  });
});

describe("an answer", () => {
  test("is its deltas and a finish with usage that counts the cache into the input", async () => {
    const parts = await answer([
      { type: "ping" },
      { type: "text", text: ["Hel", "lo"] },
      { type: "unknown-event" },
      { type: "usage", usage: { inputTokens: 10, outputTokens: 5, cacheReadTokens: 100, cacheWriteTokens: 20 } },
    ]);
    expect(parts).toEqual([
      { type: "text-delta", text: "Hello" },
      {
        type: "finish",
        reason: "stop",
        usage: { inputTokens: 130, outputTokens: 5, cacheReadTokens: 100, cacheWriteTokens: 20, reasoningTokens: 0 },
      },
    ]);
  });

  test("counts usage as totals, whichever event has it", async () => {
    const messageStart = {
      type: "message_start",
      message: { usage: { input_tokens: 9, cache_read_input_tokens: 4, output_tokens: 1 } },
    };
    const parts = await answer(
      raw(
        messageStart,
        start({ type: "text", text: "" }),
        delta({ type: "text_delta", text: "a" }),
        stop(),
        end("end_turn", { output_tokens: 3, cache_read_input_tokens: null }),
        end("end_turn", { output_tokens: 7, input_tokens: 11 }),
        messageStop,
      ),
    );
    expect(parts.at(-1)).toMatchObject({ usage: { inputTokens: 15, outputTokens: 7, cacheReadTokens: 4 } });
  });

  test("may have no usage and no last event", async () => {
    expect(
      await answer([
        { type: "text", text: "a" },
        { type: "usage", usage: "missing" },
      ]),
    ).toEqual([
      { type: "text-delta", text: "a" },
      { type: "finish", reason: "stop", usage: undefined },
    ]);
    expect(await answer(raw(start({ type: "text", text: "a" }), end("end_turn")))).toHaveLength(2);
  });

  test("with thinking hands the blocks back with tool results only", async () => {
    const steps: ScriptStep[] = [{ type: "reasoning", text: ["h", "m"], signature: "c2ln" }];
    const parts = await answer([...steps, { type: "tool-call", id: "t", name: "one", arguments: {} }]);
    expect(parts).toMatchObject([
      { type: "reasoning-delta", text: "hm" },
      { type: "tool-call" },
      { type: "finish", reason: "tool-calls", reasoning: [{ type: "thinking", thinking: "hm", signature: "c2ln" }] },
    ]);
    expect((await answer([...steps, { type: "text", text: "a" }])).at(-1)).not.toHaveProperty("reasoning");
  });

  test("keeps redacted thinking and empty thinking with its signature", async () => {
    const parts = await answer(
      raw(
        start({ type: "redacted_thinking", data: "ZGF0YQ==" }),
        stop(),
        start({ type: "thinking", thinking: "", signature: "" }, 1),
        delta({ type: "signature_delta", signature: "c2" }, 1),
        delta({ type: "signature_delta", signature: "ln" }, 1),
        stop(1),
        start({ type: "tool_use", id: "t", name: "one", input: {} }, 2),
        stop(2),
        end("tool_use"),
        messageStop,
      ),
    );
    expect(parts).toMatchObject([
      { type: "tool-call", call: { input: {} } },
      {
        reasoning: [
          { type: "redacted_thinking", data: "ZGF0YQ==" },
          { type: "thinking", thinking: "", signature: "c2ln" },
        ],
      },
    ]);
  });

  test("calls tools in parallel, arguments in pieces or whole with the block", async () => {
    const parts = await answer([
      { type: "text", text: "Let me see." },
      {
        type: "tool-calls",
        calls: [
          { id: "t1", name: "one", arguments: ["", '{"a"', ':"x', ' y"}'] },
          { id: "t2", name: "two", arguments: { b: [1] } },
        ],
      },
    ]);
    expect(parts).toMatchObject([
      { type: "text-delta" },
      { type: "tool-call", call: { id: "t1", name: "one", input: { a: "x y" } } },
      { type: "tool-call", call: { id: "t2", name: "two", input: { b: [1] } } },
      { type: "finish", reason: "tool-calls" },
    ]);
    const whole = await answer(raw(start({ type: "tool_use", name: "one", input: { a: 1 } }), stop(), end("tool_use")));
    expect(calls(whole)).toEqual([{ id: expect.stringMatching(/^toolu_/), name: "one", input: { a: 1 } }]);
  });

  test("interleaved by index is put together by index", async () => {
    const parts = await answer(
      raw(
        start({ type: "tool_use", id: "t1", name: "one" }, 0),
        start({ type: "tool_use", id: "t2", name: "two" }, 1),
        delta({ type: "input_json_delta", partial_json: '{"a":' }, 0),
        delta({ type: "input_json_delta", partial_json: '{"b":2}' }, 1),
        delta({ type: "input_json_delta", partial_json: "1}" }, 0),
        stop(1),
        stop(0),
        end("tool_use"),
        messageStop,
      ),
    );
    expect(calls(parts)).toMatchObject([
      { id: "t2", input: { b: 2 } },
      { id: "t1", input: { a: 1 } },
    ]);
  });

  test("cut by the bound on tokens keeps that reason and the broken call", async () => {
    const parts = await answer(
      raw(
        start({ type: "tool_use", id: "t", name: "one" }),
        delta({ type: "input_json_delta", partial_json: '{"a":' }),
        end("max_tokens"),
        messageStop,
      ),
    );
    expect(parts).toMatchObject([{ type: "tool-call", invalid: '{"a":' }, { reason: "length" }]);
  });

  test.each([
    ["stop_sequence", "stop"],
    ["pause_turn", "stop"],
    ["refusal", "content-filter"],
    ["model_context_window_exceeded", "length"],
    ["a later invention", "stop"],
  ])("that ends with %s finishes with %s", async (wire, reason) => {
    const parts = await answer([
      { type: "text", text: "a" },
      { type: "finish", reason: wire },
    ]);
    expect(parts.at(-1)).toMatchObject({ reason });
  });

  test("that comes whole although a stream was asked for is read all the same", async () => {
    server.once([
      { type: "reasoning", text: "hm" },
      { type: "text", text: "whole" },
      { type: "tool-call", id: "t", name: "one", arguments: { a: 1 } },
    ]);
    expect(await collect(hello, { extraBody: { stream: false } })).toMatchObject([
      { type: "reasoning-delta", text: "hm" },
      { type: "text-delta", text: "whole" },
      { type: "tool-call", call: { input: { a: 1 } } },
      { type: "finish", reason: "tool-calls", reasoning: [{ thinking: "hm" }] },
    ]);
  });
});

describe("errors", () => {
  test.each([
    [{ type: "status", status: 400, message: "bad" }, "model_refused", false],
    [{ type: "status", status: 401, errorType: "authentication_error" }, "model_refused", false],
    [{ type: "status", status: 429, headers: { "retry-after": "3" } }, "model_unavailable", true],
    [{ type: "status", status: 529, errorType: "overloaded_error" }, "model_unavailable", true],
    [{ type: "context-length" }, "context_length_exceeded", false],
    [{ type: "error", message: "Overloaded" }, "model_unavailable", true],
    [{ type: "error", message: "bad", errorType: "invalid_request_error" }, "model_refused", false],
    [
      { type: "error", message: "prompt is too long", errorType: "invalid_request_error" },
      "context_length_exceeded",
      false,
    ],
    [{ type: "error", message: "odd", errorType: "a_later_invention" }, "model_unavailable", true],
    [{ type: "cut" }, "model_unavailable", true],
    [{ type: "close" }, "model_unavailable", true],
  ] satisfies [ScriptStep, string, boolean][])("%j is told as %s", async (step, code, retryable) => {
    const early = step.type === "status" || step.type === "context-length";
    const steps: ScriptStep[] = early ? [step] : [{ type: "text", text: "half" }, { type: "flush" }, step];
    const error = await failure(steps);
    expect(error).toMatchObject({ name: "RunyardError", code, retryable });
    if (step.type === "status" && step.status === 429) expect(error).toMatchObject({ retryAfterMs: 3000 });
  });

  test("an abort in the middle ends the call as cancelled", async () => {
    const controller = new AbortController();
    server.once([{ type: "text", text: "a" }, { type: "stall" }]);
    const parts = model().stream(hello, { signal: controller.signal })[Symbol.asyncIterator]();
    await parts.next();
    const next = parts.next();
    controller.abort();
    await expect(next).rejects.toMatchObject({ code: "cancelled" });
  });
});
