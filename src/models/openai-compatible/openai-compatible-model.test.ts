import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createScriptedModel, type ScriptedModel, type ScriptStep } from "../../../test/support/scripted-model.ts";
import type { JsonSchema } from "../../contract/json.ts";
import { createOutbound } from "../../egress/create-outbound.ts";
import type { LanguageModel, ModelPart, ModelRequest, ModelTool } from "../language-model.ts";
import { createOpenAiCompatibleModel, type OpenAiCompatibleOptions } from "./openai-compatible-model.ts";

const outbound = createOutbound({ allowedHosts: ["127.0.0.1:*"] });
const apiKey = "sk-test-0123456789abcdef";
const hello: ModelRequest = { system: [], messages: [{ role: "user", content: "hello" }] };
const { signal } = new AbortController();
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

function model(options: Partial<OpenAiCompatibleOptions> = {}): LanguageModel {
  return createOpenAiCompatibleModel({
    id: "openai/test",
    modelName: "test",
    baseUrl: server.openAiBaseUrl,
    apiKey,
    outbound,
    ...options,
  });
}

async function collect(request: ModelRequest = hello, options: Partial<OpenAiCompatibleOptions> = {}) {
  const parts: ModelPart[] = [];
  for await (const part of model(options).stream(request, { signal })) parts.push(part);
  return parts;
}

async function answer(steps: readonly ScriptStep[], request = hello) {
  server.once(steps);
  return collect(request);
}

async function failure(steps: readonly ScriptStep[], options: Partial<OpenAiCompatibleOptions> = {}): Promise<unknown> {
  server.once(steps);
  return collect(hello, options).then(
    () => expect.fail("it succeeded"),
    (error: unknown) => error,
  );
}

/** A body as it was seen on the wire, one event for each chunk, without [DONE] unless given. */
function raw(...events: (string | object)[]): ScriptStep[] {
  const text = events.map((event) => `data: ${typeof event === "string" ? event : JSON.stringify(event)}\n\n`).join("");
  return [{ type: "raw", text }, { type: "close" }];
}
const delta = (body: object, finish: string | null = null) => ({
  choices: [{ index: 0, delta: body, finish_reason: finish }],
});
const chunk = (content: string, completion: number, finish: string | null = null) => ({
  ...delta({ content }, finish),
  usage: { prompt_tokens: 7, completion_tokens: completion, prompt_cache_hit_tokens: 3 },
});
const call = (index: number | undefined, id: string | undefined, name: string | undefined, args: unknown) =>
  delta({ tool_calls: [{ index, id, type: "function", function: { name, arguments: args } }] });
const calls = (parts: readonly ModelPart[]) =>
  parts.filter((part) => part.type === "tool-call").map(({ call }) => call);
const text = (parts: readonly ModelPart[]) =>
  parts.map((part) => (part.type === "text-delta" ? part.text : "")).join("");

describe("a request", () => {
  test("carries the key, the model and a plain conversation", async () => {
    await collect({
      system: ["Be brief.", "Be kind."],
      messages: [{ role: "user", content: "hello" }],
      temperature: 0.5,
      topP: 0.9,
      maxTokens: 100,
    });
    expect(server.requests[0]?.headers.authorization).toBe(`Bearer ${apiKey}`);
    expect(server.requests[0]?.body).toEqual({
      model: "test",
      messages: [
        { role: "system", content: "Be brief.\n\nBe kind." },
        { role: "user", content: "hello" },
      ],
      stream: true,
      stream_options: { include_usage: true },
      temperature: 0.5,
      top_p: 0.9,
      max_tokens: 100,
    });
  });

  test("leaves out what the server is said not to know", async () => {
    await collect(
      { ...hello, temperature: 1, maxTokens: 5, outputSchema: { type: "object" } },
      {
        apiKey: undefined,
        headers: { "x-team": "blue" },
        extraBody: { reasoning_effort: "low" },
        capabilities: {
          usageInStream: false,
          sampling: false,
          structuredOutput: "json_object",
          maxTokensField: "max_completion_tokens",
        },
      },
    );
    expect(server.requests[0]?.headers).toMatchObject({ "x-team": "blue" });
    expect(server.requests[0]?.headers.authorization).toBeUndefined();
    expect(server.requests[0]?.body).toEqual({
      model: "test",
      messages: [{ role: "user", content: "hello" }],
      stream: true,
      max_completion_tokens: 5,
      reasoning_effort: "low",
      response_format: { type: "json_object" },
    });
  });

  test("spells tools, calls and results, also those that the wire has no letters for", async () => {
    const anyOf: JsonSchema[] = [
      { type: "object", properties: { a: { type: "string" } } },
      { type: "object", properties: { b: { type: "string" } } },
    ];
    const parameters: JsonSchema = { anyOf, $defs: { x: { type: "string" } } };
    server.script((request) =>
      request.toolResults.length > 0
        ? [{ type: "text", text: "done" }]
        : [{ type: "tool-call", id: "c1", name: request.toolNames[1] ?? "", arguments: { input: { a: "1" } } }],
    );
    const tools: ModelTool[] = [
      { name: "plain", description: "Plain.", parameters: { type: "object" } },
      { name: "files/read.all", description: "Odd.", parameters },
    ];
    const [call] = calls(await collect({ ...hello, tools }));
    expect(call).toEqual({ id: "c1", name: "files/read.all", input: { a: "1" } });
    await collect({
      ...hello,
      tools,
      messages: [
        { role: "user", content: "hello" },
        { role: "assistant", content: "", toolCalls: call === undefined ? [] : [call] },
        { role: "tool", callId: "c1", name: "files/read.all", output: { ok: 1 }, isError: false },
        { role: "assistant", content: "Again.", toolCalls: [{ id: "odd:1", name: "plain", input: {} }] },
        { role: "tool", callId: "odd:1", name: "plain", output: "no such file", isError: true },
      ],
    });
    const body = server.requests[1]?.body;
    expect(body?.tools).toEqual([
      {
        type: "function",
        function: { name: "plain", description: "Plain.", parameters: { type: "object", properties: {} } },
      },
      {
        type: "function",
        function: {
          name: expect.stringMatching(/^files_read_all_[0-9a-f]{10}$/),
          description: "Odd.",
          parameters: {
            type: "object",
            properties: { input: { anyOf } },
            required: ["input"],
            $defs: { x: { type: "string" } },
          },
        },
      },
    ]);
    const oddName = server.requests[1]?.toolNames[1];
    const oddId = expect.stringMatching(/^odd_1_[0-9a-f]{10}$/);
    expect(body?.messages).toEqual([
      { role: "user", content: "hello" },
      {
        role: "assistant",
        content: null,
        tool_calls: [{ id: "c1", type: "function", function: { name: oddName, arguments: '{"input":{"a":"1"}}' } }],
      },
      { role: "tool", tool_call_id: "c1", content: '{"ok":1}' },
      {
        role: "assistant",
        content: "Again.",
        tool_calls: [{ id: oddId, type: "function", function: { name: "plain", arguments: "{}" } }],
      },
      { role: "tool", tool_call_id: oddId, content: "Error: no such file" },
    ]);
  });

  test.each([
    [{ type: "object", properties: { a: { type: "string" } }, required: ["a"], additionalProperties: false }, true],
    [{ type: "object", properties: { a: { type: "string" } }, additionalProperties: false }, false],
    [{ type: "object", properties: {} }, false],
  ])("asks for an answer of a schema, strictly where the provider can (%#)", async (outputSchema, strict) => {
    await collect({ ...hello, outputSchema });
    expect(server.requests[0]?.body.response_format).toEqual({
      type: "json_schema",
      json_schema: { name: "answer", schema: outputSchema, strict },
    });
  });

  test("asks to go on from an answer in the server's way", async () => {
    const messages: ModelRequest["messages"] = [
      { role: "user", content: "count 4" },
      { role: "assistant", content: "1 2" },
    ];
    const continuationBody = { continue_final_message: true, add_generation_prompt: false };
    const options = { continuesAnswers: true, continuationBody };
    expect(text(await collect({ system: [], messages }, options))).toBe(" 3 4");
    expect(server.requests[0]?.body).toMatchObject(continuationBody);
    await collect(hello, options);
    expect(server.requests[1]?.body).not.toHaveProperty("continue_final_message");
    expect(model().continuesAnswers).toBe(false);
    expect(model(options).continuesAnswers).toBe(true);
  });
});

describe("an answer", () => {
  test("is its deltas and a finish with usage", async () => {
    const parts = await answer([
      { type: "text", text: ["Hel", "lo 😀"] },
      { type: "usage", usage: { inputTokens: 10, outputTokens: 5, cacheReadTokens: 4, reasoningTokens: 2 } },
    ]);
    expect(parts).toEqual([
      { type: "text-delta", text: "Hello 😀" },
      {
        type: "finish",
        reason: "stop",
        usage: { inputTokens: 10, outputTokens: 5, cacheReadTokens: 4, cacheWriteTokens: 0, reasoningTokens: 2 },
      },
    ]);
  });

  test("arrives delta by delta", async () => {
    const gate = Promise.withResolvers<void>();
    server.once([
      { type: "text", text: "first" },
      { type: "gate", until: gate.promise },
      { type: "text", text: "second" },
    ]);
    const parts = model().stream(hello, { signal })[Symbol.asyncIterator]();
    expect(await parts.next()).toEqual({ done: false, value: { type: "text-delta", text: "first" } });
    const second = parts.next();
    gate.resolve();
    expect(await second).toEqual({ done: false, value: { type: "text-delta", text: "second" } });
    expect(await parts.next()).toMatchObject({ value: { type: "finish" } });
    expect(await parts.next()).toEqual({ done: true, value: undefined });
  });

  test("has deltas that come together joined, each kind for itself and in order", async () => {
    const pieces = [{ content: "a" }, { content: "b" }, { reasoning: "c" }, { reasoning: "d" }, { content: "e" }];
    expect(await answer(raw(...pieces.map((piece) => delta(piece)), delta({}, "stop")))).toMatchObject([
      { type: "text-delta", text: "ab" },
      { type: "reasoning-delta", text: "cd" },
      { type: "text-delta", text: "e" },
      { type: "finish" },
    ]);
  });

  test("is the same however its bytes are cut", async () => {
    const whole = `data: ${JSON.stringify(delta({ content: "Grüße 😀" }))}\r\n\r\n: ping\n\ndata: ${JSON.stringify(delta({}, "stop"))}\n\ndata: [DONE]\n\n`;
    const bytes = new TextEncoder().encode(whole);
    server.once([
      ...Array.from(bytes, (_, index): ScriptStep => ({ type: "bytes", bytes: bytes.subarray(index, index + 1) })),
      { type: "close" },
    ]);
    expect(text(await collect())).toBe("Grüße 😀");
  });

  test("may have no usage, no [DONE], pings and events of later years", async () => {
    expect(
      await answer([
        { type: "ping" },
        { type: "text", text: "a" },
        { type: "unknown-event" },
        { type: "usage", usage: "missing" },
      ]),
    ).toEqual([
      { type: "text-delta", text: "a" },
      { type: "finish", reason: "stop", usage: undefined },
    ]);
    expect(await answer(raw(delta({ content: "a" }), delta({}, "stop")))).toHaveLength(2);
    expect(await answer(raw(delta({ content: "a" }), "[DONE]"))).toHaveLength(2);
    expect(
      await answer([{ type: "raw", text: `data: ${JSON.stringify(delta({}, "stop"))}` }, { type: "close" }]),
    ).toHaveLength(1);
    expect(await answer(raw("null", "1", {}, { choices: null }, delta({ content: null }, "stop")))).toHaveLength(1);
  });

  test("with usage on each chunk counts the last", async () => {
    const parts = await answer(raw(chunk("a", 1), chunk("b", 2), { ...chunk("", 3, "stop") }, "[DONE]"));
    expect(parts.at(-1)).toMatchObject({ usage: { inputTokens: 7, outputTokens: 3, cacheReadTokens: 3 } });
  });

  test("whose reasoning is counted beside the completion has it added", async () => {
    const usage = {
      prompt_tokens: 10,
      completion_tokens: 5,
      total_tokens: 35,
      completion_tokens_details: { reasoning_tokens: 20 },
    };
    const parts = await answer(raw({ ...delta({ content: "a" }, "stop"), usage }));
    expect(parts.at(-1)).toMatchObject({ usage: { outputTokens: 25, reasoningTokens: 20 } });
  });

  test.each([
    ["length", "length"],
    ["content_filter", "content-filter"],
    ["tool_calls", "stop"],
    ["a later invention", "stop"],
  ])("that ends with %s finishes with %s", async (wire, reason) => {
    const parts = await answer([
      { type: "text", text: "a" },
      { type: "finish", reason: wire },
    ]);
    expect(parts.at(-1)).toMatchObject({ type: "finish", reason });
  });

  test("that is a refusal is shown and ends as filtered", async () => {
    const parts = await answer([{ type: "refusal", text: "I must not." }]);
    expect(text(parts)).toBe("I must not.");
    expect(parts.at(-1)).toMatchObject({ reason: "content-filter" });
  });

  test.each(["reasoning_content", "reasoning"])("hands %s back with tool results only", async (field) => {
    const tool = { index: 0, id: "c", function: { name: "t", arguments: "{}" } };
    const parts = await answer(
      raw(delta({ [field]: "hm " }), delta({ [field]: "ok" }), delta({ tool_calls: [tool] }, "tool_calls")),
    );
    expect(parts[0]).toEqual({ type: "reasoning-delta", text: "hm ok" });
    const finish = parts.at(-1);
    const reasoning = finish?.type === "finish" ? finish.reasoning : undefined;
    expect(reasoning).toHaveLength(1);
    await collect({
      system: [],
      messages: [
        { role: "assistant", content: "", toolCalls: calls(parts), reasoning },
        {
          role: "assistant",
          content: "x",
          toolCalls: calls(parts),
          reasoning: [{ type: "thinking", thinking: "alien" }],
        },
      ],
    });
    expect(server.requests.at(-1)?.body.messages).toMatchObject([{ [field]: "hm ok" }, {}]);
    expect(JSON.stringify(server.requests.at(-1)?.body)).not.toContain("alien");
    expect((await answer(raw(delta({ [field]: "hm" }, "stop")))).at(-1)).not.toHaveProperty("reasoning");
  });

  test("with typed pieces of content is read piece by piece", async () => {
    const content = [
      { type: "thinking", thinking: [{ type: "text", text: "hm" }] },
      { type: "text", text: "yes" },
    ];
    expect(await answer(raw(delta({ content }, "stop")))).toMatchObject([
      { type: "reasoning-delta", text: "hm" },
      { type: "text-delta", text: "yes" },
      { type: "finish" },
    ]);
  });

  test("that comes whole although a stream was asked for is read all the same", async () => {
    server.script(() => [{ type: "text", text: "whole" }]);
    const parts = await collect(hello, { extraBody: { stream: false } });
    expect(parts).toMatchObject([
      { type: "text-delta", text: "whole" },
      { type: "finish", reason: "stop" },
    ]);
    server.script(() => [{ type: "tool-call", id: "c", name: "t", arguments: { a: 1 } }]);
    expect(calls(await collect(hello, { extraBody: { stream: false } }))).toEqual([
      { id: "c", name: "t", input: { a: 1 } },
    ]);
  });
});

describe("tool calls", () => {
  test("in interleaved pieces come out whole and in order, after the text", async () => {
    const parts = await answer([
      { type: "text", text: "Let me see." },
      {
        type: "tool-calls",
        calls: [
          { id: "c1", name: "one", arguments: ["", '{"a"', ":", '"x y"}'] },
          { id: "c2", name: "two", arguments: ['{"b":', "[1,2]", "}"] },
          { id: "c3", name: "three", arguments: "" },
        ],
      },
    ]);
    expect(parts).toMatchObject([
      { type: "text-delta" },
      { type: "tool-call", call: { id: "c1", name: "one", input: { a: "x y" } } },
      { type: "tool-call", call: { id: "c2", name: "two", input: { b: [1, 2] } } },
      { type: "tool-call", call: { id: "c3", name: "three", input: {} } },
      { type: "finish", reason: "tool-calls" },
    ]);
  });

  const one = { name: "one", input: { a: 1 } };
  const two = { name: "two", input: { b: 2 } };

  test.each([
    [
      "without an index",
      [
        call(undefined, "x", "one", '{"a"'),
        call(undefined, undefined, undefined, ":1}"),
        call(undefined, "y", "two", '{"b":2}'),
      ],
    ],
    [
      "without index and id",
      [call(undefined, undefined, "one", '{"a":1}'), call(undefined, undefined, "two", '{"b":2}')],
    ],
    ["all of index 0, with ids", [call(0, "x", "one", '{"a":1}'), call(0, "y", "two", '{"b":2}')]],
    ["all of index 0, without ids", [call(0, undefined, "one", '{"a":1}'), call(0, "", "two", '{"b":2}')]],
    [
      "with a new id on each piece",
      [call(0, "x", "one", '{"a"'), call(0, "z", undefined, ":1}"), call(1, "y", "two", '{"b":2}')],
    ],
    [
      "with id and name repeated",
      [call(0, "x", "one", '{"a"'), call(0, "x", "one", ":1}"), call(1, "y", "two", '{"b":2}')],
    ],
    [
      "with the name in pieces",
      [call(0, "x", "o", ""), call(0, undefined, "ne", '{"a":1}'), call(1, "y", "two", '{"b":2}')],
    ],
    ["with the same id twice", [call(0, "x", "one", '{"a":1}'), call(1, "x", "two", '{"b":2}')]],
    ["with arguments as objects", [call(0, "x", "one", { a: 1 }), call(1, "y", "two", { b: 2 })]],
    ["with arguments encoded twice", [call(0, "x", "one", '"{\\"a\\":1}"'), call(1, "y", "two", '{"b":2}')]],
  ])("%s are told apart", async (_name, chunks) => {
    const parts = await answer(raw(...chunks, delta({}, "stop"), "[DONE]"));
    const found = calls(parts);
    expect(found).toMatchObject([one, two]);
    expect(new Set(found.map(({ id }) => id)).size).toBe(2);
    expect(found.every(({ id }) => id !== "")).toBe(true);
    expect(parts.at(-1)).toMatchObject({ reason: "tool-calls" });
  });

  test.each(["{broken", "[1]", '"text"', "null"])("with the arguments %s come out as invalid", async (args) => {
    const parts = await answer([{ type: "tool-call", id: "c", name: "t", arguments: [args] }]);
    expect(parts[0]).toEqual({ type: "tool-call", call: { id: "c", name: "t", input: {} }, invalid: args });
  });

  test("cut by the bound on tokens keep that reason", async () => {
    const parts = await answer([
      { type: "tool-call", id: "c", name: "t", arguments: ['{"a":'] },
      { type: "finish", reason: "length" },
    ]);
    expect(parts).toMatchObject([{ invalid: '{"a":' }, { type: "finish", reason: "length" }]);
  });
});

describe("errors", () => {
  test.each([
    [400, undefined, "model_refused", false],
    [404, undefined, "model_refused", false],
    [422, undefined, "model_refused", false],
    [307, undefined, "model_refused", false],
    [401, "key", "model_refused", false],
    [403, "key", "model_refused", false],
    [408, undefined, "model_unavailable", true],
    [409, undefined, "model_unavailable", true],
    [429, undefined, "model_unavailable", true],
    [500, undefined, "model_unavailable", true],
    [503, undefined, "model_unavailable", true],
    [529, undefined, "model_unavailable", true],
  ])("status %d", async (status, says, code, retryable) => {
    const error = await failure([{ type: "status", status, message: "the reason given" }]);
    expect(error).toMatchObject({ name: "RunyardError", code, retryable });
    if (says !== undefined) expect(error).toMatchObject({ message: expect.stringContaining(says) });
    if (![401, 307].includes(status))
      expect(error).toMatchObject({ message: expect.stringContaining("the reason given") });
  });

  test.each([
    [{ "retry-after": "2" }, 2000],
    [{ "retry-after": "0.5" }, 500],
    [{ "retry-after-ms": "1234.5", "retry-after": "9" }, 1235],
    [{ "retry-after": "Wed, 21 Oct 2015 07:28:00 GMT" }, 0],
    [{ "retry-after": "soon" }, undefined],
    [{}, undefined],
  ])("the wait of %j is kept", async (headers, retryAfterMs) => {
    const error = await failure([{ type: "status", status: 429, headers: { ...headers } }]);
    expect(error).toMatchObject({ code: "model_unavailable", retryAfterMs });
  });

  test("a web page instead of an answer is told as such, and not worth another try", async () => {
    const headers = { "content-type": "text/html; charset=utf-8" };
    const error = await failure([{ type: "status", status: 200, headers, body: "<html>Log in</html>" }]);
    expect(error).toMatchObject({ code: "model_refused", retryable: false });
    expect(String(error)).toMatch(/web page \(200\). Check its base URL/);
  });

  test("a stand-in for a key is not blacked out of words", async () => {
    const steps = [{ type: "status", status: 400, message: "no message has none of them" } as const];
    expect(String(await failure(steps, { apiKey: "none" }))).toContain("no message has none of them");
  });

  test("an exhausted quota is not worth another try", async () => {
    const error = await failure([{ type: "status", status: 429, code: "insufficient_quota" }]);
    expect(error).toMatchObject({ code: "model_refused", retryable: false });
  });

  test.each([
    ["the documented code", [{ type: "context-length" } as const]],
    [
      "a web framework's words",
      [{ type: "status", status: 400, body: '{"detail":"This exceeds the maximum model length"}' } as const],
    ],
    ["llama.cpp", [{ type: "status", status: 400, errorType: "exceed_context_size_error" } as const]],
    ["a body too large", [{ type: "status", status: 413, body: "<html>" } as const]],
    ["an error in a stream", [{ type: "error", message: "too long", code: "context_length_exceeded" } as const]],
  ])("an input that does not fit is told by %s", async (_name, steps) => {
    expect(await failure(steps)).toMatchObject({ code: "context_length_exceeded", retryable: false });
  });

  test.each([
    ["plain text", "upstream is down", "upstream is down"],
    ["an error that is a text", '{"error":"model not loaded"}', "model not loaded"],
    ["a message at the top", '{"object":"error","message":"no such model"}', "no such model"],
    ["a page", "<html>no</html>", "(500)"],
    ["nothing", "", "(500)"],
  ])("%s as the body is understood", async (_name, body, says) => {
    const error = await failure([{ type: "status", status: 500, body }]);
    expect(error).toMatchObject({ message: expect.stringContaining(says) });
    expect(error).toMatchObject({ message: expect.not.stringContaining("html") });
  });

  test("the key never stands in a message", async () => {
    for (const status of [400, 401, 403, 429, 500]) {
      const error = await failure(
        [{ type: "status", status, message: `the key ${apiKey} and team-secret-1 are bad` }],
        {
          headers: { "x-team-key": "team-secret-1" },
        },
      );
      expect(JSON.stringify(error, ["message"])).not.toMatch(/sk-test|team-secret/);
    }
  });

  test.each([
    [{ message: "overloaded", type: "server_error" }, "model_unavailable"],
    [{ message: "slow down", code: "rate_limit_exceeded" }, "model_unavailable"],
    [{ message: "upstream", code: 502 }, "model_unavailable"],
    [{ message: "bad", code: 400 }, "model_refused"],
    [{ message: "bad", type: "invalid_request_error" }, "model_refused"],
    ["text only", "model_unavailable"],
  ])("an error %j inside a 200 is an error", async (problem, code) => {
    const error = await failure(raw(delta({ content: "a" }), { error: problem }, "[DONE]"));
    expect(error).toMatchObject({ code });
  });

  test("an error marked by its event, its object or its finish reason is one too", async () => {
    const marked = 'event: error\ndata: {"message":"no memory"}\n\n';
    expect(await failure([{ type: "raw", text: marked }, { type: "close" }])).toMatchObject({
      code: "model_unavailable",
      message: expect.stringContaining("no memory"),
    });
    expect(await failure(raw({ object: "error", message: "bad", type: "BadRequestError", code: 400 }))).toMatchObject({
      code: "model_refused",
    });
    expect(await failure(raw(delta({}, "error"), "[DONE]"))).toMatchObject({ code: "model_unavailable" });
  });

  test.each([
    ["cut", [{ type: "text", text: "half" }, { type: "flush" }, { type: "cut" }]],
    ["ended too early", [{ type: "text", text: "half" }, { type: "close" }]],
    ["empty", [{ type: "close" }]],
    ["no JSON", [{ type: "raw", text: "data: {half\n\n" }, { type: "close" }]],
  ] satisfies [string, ScriptStep[]][])("a stream that is %s is worth another try", async (_name, steps) => {
    expect(await failure(steps)).toMatchObject({ code: "model_unavailable", retryable: true });
  });

  test("what came before the cut is given out first", async () => {
    server.once([{ type: "text", text: ["a", "b"] }, { type: "flush" }, { type: "cut" }]);
    const parts: ModelPart[] = [];
    const reading = (async () => {
      for await (const part of model().stream(hello, { signal })) parts.push(part);
    })();
    await expect(reading).rejects.toMatchObject({ code: "model_unavailable" });
    expect(text(parts)).toBe("ab");
  });

  test("a server that is not there is worth another try, an address that is refused is not", async () => {
    const gone = await createScriptedModel();
    await gone.close();
    expect(await failure([], { baseUrl: gone.openAiBaseUrl })).toMatchObject({
      code: "model_unavailable",
      retryable: true,
    });
    expect(await failure([], { baseUrl: "http://10.0.0.1/v1" })).toMatchObject({ code: "model_refused" });
    server.script();
    await collect(); // takes the steps that were never asked for
    await collect();
  });
});

describe("leaving", () => {
  test("an abort ends the call as cancelled, whatever it waits for", async () => {
    const before = model().stream(hello, { signal: AbortSignal.abort() });
    await expect(before[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "cancelled" });

    const answers: ((arrived: () => void) => Promise<ScriptStep[]>)[] = [
      // No head, a head only, and the middle of an answer.
      (arrived) => {
        arrived();
        return Promise.withResolvers<ScriptStep[]>().promise;
      },
      async (arrived) => {
        arrived();
        return [{ type: "stall" }];
      },
      async (arrived) => {
        arrived();
        return [{ type: "text", text: "a" }, { type: "stall" }];
      },
    ];
    for (const [index, script] of answers.entries()) {
      const controller = new AbortController();
      const arrival = Promise.withResolvers<void>();
      server.script(() => script(arrival.resolve));
      const parts = model().stream(hello, { signal: controller.signal })[Symbol.asyncIterator]();
      if (index === 2) await parts.next();
      const next = parts.next();
      await arrival.promise;
      controller.abort();
      await expect(next).rejects.toMatchObject({ code: "cancelled", retryable: false });
    }
  });

  test("a reader that stops early breaks the request off", async () => {
    await using left = await createScriptedModel();
    left.once([{ type: "text", text: "a" }, { type: "stall" }]);
    const seen: ModelPart[] = [];
    for await (const part of model({ baseUrl: left.openAiBaseUrl }).stream(hello, { signal })) {
      seen.push(part);
      break;
    }
    await left.whenAbandoned(1);
    expect(seen).toEqual([{ type: "text-delta", text: "a" }]);
  });

  test("a slow reader gets a long answer whole", async () => {
    const numbers = 20_000;
    const asked: ModelRequest = { system: [], messages: [{ role: "user", content: `count ${numbers}` }] };
    let shown = "";
    for await (const part of model().stream(asked, { signal })) {
      if (part.type === "text-delta") shown += part.text;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(shown).toBe(Array.from({ length: numbers }, (_, index) => index + 1).join(" "));
  });
});
