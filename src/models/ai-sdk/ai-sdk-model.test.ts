import { createServer, type ServerResponse } from "node:http";
import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { createOutbound } from "../../egress/create-outbound.ts";
import type { LanguageModel, ModelMessage, ModelPart, ModelRequest } from "../language-model.ts";
import { createGoogleModel } from "./google-model.ts";
import { createOpenAiResponsesModel } from "./openai-responses-model.ts";

const apiKey = "sk-test-0123456789";
const bodySchema = z.record(z.string(), z.unknown());

/** A server on loopback that answers each request by the next script, and the two models that ask it. */
async function startProvider(...scripts: ((response: ServerResponse) => void)[]) {
  const seen: { url: string; headers: Record<string, unknown>; body: Record<string, unknown> }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = bodySchema.parse(JSON.parse(Buffer.concat(chunks).toString()));
      seen.push({ url: request.url ?? "", headers: request.headers, body });
      scripts.shift()?.(response);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("expected a port");
  const outbound = createOutbound({ allowedHosts: [`127.0.0.1:${address.port}`] });
  const connection = { baseUrl: `http://127.0.0.1:${address.port}`, apiKey, outbound };
  return {
    seen,
    google: createGoogleModel({ id: "google/gemini-2.5-flash", modelName: "gemini-2.5-flash", ...connection }),
    openai: createOpenAiResponsesModel({ id: "openai-responses/o3", modelName: "o3", ...connection }),
    async [Symbol.asyncDispose]() {
      await outbound[Symbol.asyncDispose]();
      server.closeAllConnections();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** A 200 with these events; what comes after them is up to `end`. */
function events(list: readonly unknown[], end: "close" | "cut" | "stay" = "close") {
  return (response: ServerResponse) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const text = list
      .map((event) => (typeof event === "string" ? event : `data: ${JSON.stringify(event)}\n\n`))
      .join("");
    if (end === "close") response.end(text);
    else response.write(text, () => void (end === "cut" && response.destroy()));
  };
}

function refuse(status: number, body: unknown, headers: Record<string, string> = {}) {
  return (response: ServerResponse) => {
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
  };
}

const user = (content: string): ModelMessage => ({ role: "user", content });
const weather = {
  name: "weather",
  description: "Tells it",
  parameters: { type: "object", properties: { city: { type: "string" } } },
};

async function ask(model: LanguageModel, request: Partial<ModelRequest> = {}, signal = new AbortController().signal) {
  const parts: ModelPart[] = [];
  let error: unknown;
  try {
    for await (const part of model.stream(
      { system: ["Be brief."], messages: [user("hello")], ...request },
      { signal },
    )) {
      parts.push(part);
    }
  } catch (thrown) {
    error = thrown;
  }
  return { parts, error, text: parts.map((part) => (part.type === "text-delta" ? part.text : "")).join("") };
}

const candidate = (parts: unknown[], more: object = {}) => ({
  candidates: [{ content: { role: "model", parts }, index: 0, ...more }],
});

describe("Google", () => {
  test("text, thoughts and usage arrive in order", async () => {
    await using provider = await startProvider(
      events([
        candidate([{ text: "Let me see", thought: true }]),
        candidate([{ text: "Hel" }]),
        candidate([{ text: "lo" }]),
        {
          ...candidate([{ text: "" }], { finishReason: "STOP" }),
          usageMetadata: {
            promptTokenCount: 40,
            candidatesTokenCount: 7,
            thoughtsTokenCount: 5,
            cachedContentTokenCount: 30,
            totalTokenCount: 52,
          },
        },
      ]),
    );
    const { parts, error } = await ask(provider.google, { temperature: 0.5, maxTokens: 100 });
    expect(error).toBeUndefined();
    expect(parts).toEqual([
      { type: "reasoning-delta", text: "Let me see" },
      { type: "text-delta", text: "Hel" },
      { type: "text-delta", text: "lo" },
      {
        type: "finish",
        reason: "stop",
        usage: { inputTokens: 40, outputTokens: 12, cacheReadTokens: 30, cacheWriteTokens: 0, reasoningTokens: 5 },
      },
    ]);
    expect(provider.seen[0]?.url).toBe("/models/gemini-2.5-flash:streamGenerateContent?alt=sse");
    expect(provider.seen[0]?.headers["x-goog-api-key"]).toBe(apiKey);
    expect(provider.seen[0]?.body).toMatchObject({
      generationConfig: { temperature: 0.5, maxOutputTokens: 100 },
      contents: [{ role: "user", parts: [{ text: "hello" }] }],
      systemInstruction: { parts: [{ text: "Be brief." }] },
    });
  });

  test("parallel calls come whole, and their signatures go back with the results", async () => {
    const call = { functionCall: { name: "weather", args: { city: "Oslo" } }, thoughtSignature: "sig-1" };
    const second = { functionCall: { name: "weather", args: { city: "Rome" } } };
    await using provider = await startProvider(
      events([candidate([call, second], { finishReason: "STOP" })]),
      events([candidate([{ text: "Both sunny" }], { finishReason: "STOP" })]),
    );
    const first = await ask(provider.google, { tools: [weather] });
    const calls = first.parts.flatMap((part) => (part.type === "tool-call" ? [part.call] : []));
    expect(calls.map(({ name, input }) => [name, input])).toEqual([
      ["weather", { city: "Oslo" }],
      ["weather", { city: "Rome" }],
    ]);
    expect(new Set(calls.map(({ id }) => id)).size).toBe(2);
    const finish = first.parts.at(-1);
    if (finish?.type !== "finish") throw new Error("expected a finish");
    expect(finish.reason).toBe("tool-calls");

    const { text } = await ask(provider.google, {
      tools: [weather],
      messages: [
        user("hello"),
        { role: "assistant", content: "", toolCalls: calls, reasoning: finish.reasoning },
        ...calls.map(({ id, name }): ModelMessage => ({
          role: "tool",
          callId: id,
          name,
          output: { sky: "sun" },
          isError: false,
        })),
      ],
    });
    expect(text).toBe("Both sunny");
    const contents = JSON.stringify(provider.seen[1]?.body["contents"]);
    expect(contents).toContain("sig-1");
    expect(provider.seen[1]?.body["contents"]).toMatchObject([
      { role: "user" },
      { role: "model", parts: [{ functionCall: { name: "weather" } }, { functionCall: { name: "weather" } }] },
      { role: "user", parts: [{ functionResponse: { name: "weather" } }, { functionResponse: { name: "weather" } }] },
    ]);
  });

  test("a schema for the answer is handed on", async () => {
    await using provider = await startProvider(events([candidate([{ text: "{}" }], { finishReason: "STOP" })]));
    await ask(provider.google, {
      outputSchema: { type: "object", properties: { a: { type: "string" } }, required: ["a"] },
    });
    expect(provider.seen[0]?.body).toMatchObject({
      generationConfig: { responseMimeType: "application/json" },
    });
    expect(JSON.stringify(provider.seen[0]?.body)).toContain('"required":["a"]');
  });

  test("what was blocked or too long says so", async () => {
    await using provider = await startProvider(
      events([candidate([{ text: "a" }], { finishReason: "SAFETY" })]),
      events([candidate([{ text: "a" }], { finishReason: "MAX_TOKENS" })]),
    );
    expect((await ask(provider.google)).parts.at(-1)).toMatchObject({ reason: "content-filter" });
    expect((await ask(provider.google)).parts.at(-1)).toMatchObject({ reason: "length" });
  });
});

const created = { type: "response.created", response: { id: "resp_1", created_at: 1, model: "o3" } };
const completed = (
  usage: object = {
    input_tokens: 30,
    output_tokens: 9,
    input_tokens_details: { cached_tokens: 20 },
    output_tokens_details: { reasoning_tokens: 4 },
  },
) => ({
  type: "response.completed",
  response: { id: "resp_1", created_at: 1, model: "o3", usage, incomplete_details: null },
});
const textItem = (...deltas: string[]) => [
  {
    type: "response.output_item.added",
    output_index: 0,
    item: { type: "message", id: "msg_1", role: "assistant", status: "in_progress", content: [] },
  },
  ...deltas.map((delta) => ({
    type: "response.output_text.delta",
    item_id: "msg_1",
    output_index: 0,
    content_index: 0,
    delta,
    logprobs: [],
  })),
  {
    type: "response.output_item.done",
    output_index: 0,
    item: {
      type: "message",
      id: "msg_1",
      role: "assistant",
      status: "completed",
      content: [{ type: "output_text", text: deltas.join(""), annotations: [] }],
    },
  },
];

describe("OpenAI responses", () => {
  test("text and usage arrive, unknown events, comments and pings are passed over", async () => {
    await using provider = await startProvider(
      events([
        created,
        ": keep-alive\n\n",
        { type: "response.some_new_thing", value: 1 },
        ...textItem("Hel", "lo"),
        completed(),
      ]),
    );
    const { parts, error } = await ask(provider.openai, { temperature: 0.5 });
    expect(error).toBeUndefined();
    expect(parts).toEqual([
      { type: "text-delta", text: "Hel" },
      { type: "text-delta", text: "lo" },
      {
        type: "finish",
        reason: "stop",
        usage: { inputTokens: 30, outputTokens: 9, cacheReadTokens: 20, cacheWriteTokens: 0, reasoningTokens: 4 },
      },
    ]);
    expect(provider.seen[0]).toMatchObject({
      url: "/responses",
      headers: { authorization: `Bearer ${apiKey}` },
      body: { model: "o3", stream: true, store: false, include: ["reasoning.encrypted_content"] },
    });
  });

  test("arguments in pieces become one call, and the sealed reasoning goes back with its result", async () => {
    const reasoning = { type: "reasoning", id: "rs_1", encrypted_content: "sealed", summary: [] };
    const call = { type: "function_call", id: "fc_1", call_id: "call_1", name: "weather", status: "completed" };
    await using provider = await startProvider(
      events([
        created,
        { type: "response.output_item.added", output_index: 0, item: { ...reasoning, encrypted_content: null } },
        { type: "response.output_item.done", output_index: 0, item: reasoning },
        {
          type: "response.output_item.added",
          output_index: 1,
          item: { ...call, status: "in_progress", arguments: "" },
        },
        { type: "response.function_call_arguments.delta", item_id: "fc_1", output_index: 1, delta: '{"city":' },
        { type: "response.function_call_arguments.delta", item_id: "fc_1", output_index: 1, delta: '"Oslo"}' },
        { type: "response.output_item.done", output_index: 1, item: { ...call, arguments: '{"city":"Oslo"}' } },
        completed(),
      ]),
      events([created, ...textItem("Sunny"), completed()]),
    );
    const { parts } = await ask(provider.openai, { tools: [weather] });
    expect(parts).toMatchObject([
      { type: "tool-call", call: { id: "call_1", name: "weather", input: { city: "Oslo" } } },
      { type: "finish", reason: "tool-calls" },
    ]);
    const finish = parts.at(-1);
    if (finish?.type !== "finish") throw new Error("expected a finish");
    await ask(provider.openai, {
      tools: [weather],
      messages: [
        user("hello"),
        {
          role: "assistant",
          content: "",
          toolCalls: [{ id: "call_1", name: "weather", input: { city: "Oslo" } }],
          reasoning: finish.reasoning,
        },
        { role: "tool", callId: "call_1", name: "weather", output: "sun", isError: false },
      ],
    });
    expect(provider.seen[1]?.body["input"]).toMatchObject([
      { role: "developer" },
      { role: "user" },
      { type: "reasoning", encrypted_content: "sealed" },
      { type: "function_call", call_id: "call_1", name: "weather" },
      { type: "function_call_output", call_id: "call_1" },
    ]);
  });

  test("a call whose arguments are no JSON object comes as invalid", async () => {
    const call = { type: "function_call", id: "fc_1", call_id: "call_1", name: "weather" };
    await using provider = await startProvider(
      events([
        created,
        {
          type: "response.output_item.added",
          output_index: 0,
          item: { ...call, status: "in_progress", arguments: "" },
        },
        { type: "response.function_call_arguments.delta", item_id: "fc_1", output_index: 0, delta: "{broken" },
        {
          type: "response.output_item.done",
          output_index: 0,
          item: { ...call, status: "completed", arguments: "{broken" },
        },
        completed(),
      ]),
    );
    const { parts } = await ask(provider.openai, { tools: [weather] });
    expect(parts[0]).toMatchObject({ type: "tool-call", invalid: "{broken", call: { input: {} } });
  });

  test("a name that the provider cannot spell comes back as ours", async () => {
    const odd = { ...weather, name: "wetter.für.alle" };
    await using provider = await startProvider((response) => {
      const tools = z.array(z.object({ name: z.string() })).parse(provider.seen[0]?.body["tools"]);
      const call = {
        type: "function_call",
        id: "fc_1",
        call_id: "c1",
        name: tools[0]?.name,
        status: "completed",
        arguments: "{}",
      };
      events([
        created,
        { type: "response.output_item.added", output_index: 0, item: { ...call, arguments: "" } },
        { type: "response.output_item.done", output_index: 0, item: call },
        completed(),
      ])(response);
    });
    const { parts } = await ask(provider.openai, { tools: [odd] });
    expect(parts[0]).toMatchObject({ type: "tool-call", call: { name: "wetter.für.alle" } });
  });

  test("an error inside a 200 is an error", async () => {
    const failure = {
      type: "error",
      sequence_number: 3,
      code: "rate_limit_exceeded",
      message: "slow down",
      param: null,
    };
    await using provider = await startProvider(
      events([created, ...textItem("Hel"), { ...failure, error: failure }]),
      events([
        {
          type: "error",
          sequence_number: 0,
          error: { type: "server_error", code: "server_error", message: "oops", param: null },
        },
      ]),
    );
    const late = await ask(provider.openai);
    expect(late.text).toBe("Hel");
    expect(late.error).toMatchObject({ code: "model_unavailable", retryable: true });
    expect((await ask(provider.openai)).error).toMatchObject({ code: "model_unavailable", retryable: true });
  });
});

describe.each(["google", "openai"] as const)("a failing provider (%s)", (name) => {
  test.each([
    [429, "model_unavailable", true],
    [500, "model_unavailable", true],
    [503, "model_unavailable", true],
    [404, "model_refused", false],
    [401, "model_refused", false],
    [302, "model_refused", false],
  ])("%i is %s", async (status, code, retryable) => {
    const body = { error: { message: `no ${apiKey} no`, status: "X", code: status, type: "t", param: null } };
    await using provider = await startProvider(
      refuse(status, body, { "retry-after": "2", location: "http://127.0.0.1:1/" }),
    );
    const { error, parts } = await ask(provider[name]);
    expect(parts).toEqual([]);
    expect(error).toMatchObject({ code, retryable });
    if (retryable) expect(error).toMatchObject({ retryAfterMs: 2_000 });
    expect(String(error)).not.toContain("0123456789");
    expect(provider.seen).toHaveLength(1);
  });

  test("an input that does not fit says so", async () => {
    const message = "The input token count exceeds the maximum number of tokens allowed, prompt is too long";
    await using provider = await startProvider(
      refuse(400, {
        error: {
          message,
          code: "context_length_exceeded",
          type: "invalid_request_error",
          status: "INVALID_ARGUMENT",
          param: null,
        },
      }),
    );
    expect((await ask(provider[name])).error).toMatchObject({ code: "context_length_exceeded" });
  });

  test("a stream that is cut, or ends without its end, is no whole answer", async () => {
    const half = name === "google" ? [candidate([{ text: "Hel" }])] : [created, ...textItem("Hel").slice(0, 2)];
    await using provider = await startProvider(events(half, "cut"), events(half, "close"));
    for (const how of ["cut", "closed"]) {
      const { text, error } = await ask(provider[name]);
      expect([how, text]).toEqual([how, "Hel"]);
      expect(error).toMatchObject({ code: "model_unavailable", retryable: true });
    }
  });

  test("an abort ends the call as cancelled and closes the connection", async () => {
    const controller = new AbortController();
    const closed = Promise.withResolvers<void>();
    const half = name === "google" ? [candidate([{ text: "Hel" }])] : [created, ...textItem("Hel").slice(0, 2)];
    await using provider = await startProvider((response) => {
      response.on("close", () => closed.resolve());
      events(half, "stay")(response);
    });
    const parts: ModelPart[] = [];
    const reading = (async () => {
      for await (const part of provider[name].stream(
        { system: [], messages: [user("x")] },
        { signal: controller.signal },
      )) {
        parts.push(part);
        controller.abort();
      }
    })();
    await expect(reading).rejects.toMatchObject({ code: "cancelled" });
    expect(parts).toEqual([{ type: "text-delta", text: "Hel" }]);
    await closed.promise;
  });

  test("a reader that leaves early closes the connection", async () => {
    const closed = Promise.withResolvers<void>();
    const half = name === "google" ? [candidate([{ text: "Hel" }])] : [created, ...textItem("Hel").slice(0, 2)];
    await using provider = await startProvider((response) => {
      response.on("close", () => closed.resolve());
      events(half, "stay")(response);
    });
    const { signal } = new AbortController();
    for await (const _ of provider[name].stream({ system: [], messages: [user("x")] }, { signal })) break;
    await closed.promise;
  });

  test("nobody at the address is a retryable failure", async () => {
    await using outbound = createOutbound({ allowedHosts: ["127.0.0.1:1"] });
    const create = name === "google" ? createGoogleModel : createOpenAiResponsesModel;
    const model = create({ id: "x/y", modelName: "y", baseUrl: "http://127.0.0.1:1", apiKey, outbound });
    expect((await ask(model)).error).toMatchObject({ code: "model_unavailable", retryable: true });
  });

  test("an address that the guard refuses is named as the model's", async () => {
    await using outbound = createOutbound();
    const create = name === "google" ? createGoogleModel : createOpenAiResponsesModel;
    const model = create({ id: "x/y", modelName: "y", baseUrl: "http://127.0.0.1:1", apiKey, outbound });
    expect((await ask(model)).error).toMatchObject({ code: "model_refused" });
  });
});
