import { createServer, type IncomingMessage } from "node:http";
import { once } from "node:events";
import { expect, test } from "vitest";
import { createOutbound } from "../egress/create-outbound.ts";
import type { ModelPart } from "./language-model.ts";
import { modelHosts } from "./model-hosts.ts";
import { createModels, type ModelsOptions } from "./registry.ts";

const key = { apiKey: "k-0123456789" };

async function withModels<T>(
  options: Partial<ModelsOptions>,
  use: (models: ReturnType<typeof createModels>) => T | Promise<T>,
) {
  await using outbound = createOutbound({ allowedHosts: modelHosts(options) });
  await using models = createModels({ outbound, dataDir: "/nonexistent", ...options });
  return await use(models);
}

const idsOf = (options: Partial<ModelsOptions>, names: string[]) =>
  withModels(options, (models) => names.map((name) => models.resolve(name).model.id));

/** Every model id that a client of one of the four platforms is known to send. */
const platformNames = [
  "claude-sonnet-4-20250514",
  "claude-haiku-4-20250514",
  "claude-opus-4-20250514",
  "claude-opus-4-8",
  "claude-opus-4-7",
  "claude-opus-4-6",
  "claude-sonnet-4-6",
  "claude-haiku-4-5-20251001",
  "gpt-4o",
  "gpt-4.1-2025-04-14",
  "gpt-5-2025-08-07",
  "gpt-5.2-2025-12-11",
  "gpt-5.4-2026-03-05",
  "gpt-5.4-mini-2026-03-17",
  "gpt-5.4-nano-2026-03-17",
  "gpt-5.4-pro-2026-03-05",
  "gpt-5.5-2026-04-23",
  "gpt-5.5-pro-2026-04-23",
  "gemini-3.1-pro-preview",
  "gemini-3-flash-preview",
  "grok-4.20-0309-reasoning",
  "fast",
  "balanced",
  "max",
];

test("without any setting every name is answered by the local model, and it is said why", async () => {
  await withModels({}, (models) => {
    expect(models.defaultModel).toBe("local/smollm2-135m");
    for (const name of [...platformNames, "", "no-such-model", "openai/gpt-4.1", "nobody/x"]) {
      const resolved = models.resolve(name);
      expect(resolved.model.id).toBe("local/smollm2-135m");
      expect(resolved.askedFor).toBe(name);
      expect(resolved.fellBack).toContain("local/smollm2-135m answers instead");
    }
    expect(models.resolve("openai/gpt-4.1").fellBack).toContain('The provider "openai" has no key.');
    expect(models.resolve("local/smollm2-135m").fellBack).toBeUndefined();
  });
});

test("with all vendors configured every platform's model id is its own vendor's", async () => {
  const providers = { anthropic: key, openai: key, google: key, xai: key };
  await withModels({ providers }, (models) => {
    for (const name of platformNames) expect(models.resolve(name).fellBack).toBeUndefined();
    expect(models.resolve("claude-sonnet-4-20250514").model.id).toBe("anthropic/claude-sonnet-4-20250514");
    expect(models.resolve("claude-haiku-4-20250514").model.id).toBe("anthropic/claude-haiku-4-5-20251001");
    expect(models.resolve("gpt-4.1-2025-04-14").model.id).toBe("openai/gpt-4.1-2025-04-14");
    expect(models.resolve("gpt-5.4-pro-2026-03-05").model.id).toBe("openai-responses/gpt-5.4-pro-2026-03-05");
    expect(models.resolve("o3").model.id).toBe("openai-responses/o3");
    expect(models.resolve("openai/o3").model.id).toBe("openai/o3");
    expect(models.resolve("gemini-3-flash-preview").model.id).toBe("google/gemini-3-flash-preview");
    expect(models.resolve("grok-4.20-0309-reasoning").model.id).toBe("xai/grok-4.20-0309-reasoning");
    expect(models.resolve("max").model.id).toMatch(/^anthropic\//);
  });
});

test("a name whose vendor has no key falls to the default of the first configured provider", async () => {
  await withModels({ providers: { mistral: key } }, (models) => {
    expect(models.defaultModel).toBe("mistral/mistral-medium-latest");
    expect(models.resolve("claude-sonnet-4-20250514").model.id).toBe("mistral/mistral-medium-latest");
  });
});

test("OpenAI's reasoning models stay on chat completions where another server answers in its place", async () => {
  const providers = { openai: { baseUrl: "http://127.0.0.1:1/v1" } };
  expect(await idsOf({ providers }, ["o3", "gpt-5"])).toEqual(["openai/o3", "openai/gpt-5"]);
});

test("aliases of the operator win, may point at each other and not in a circle", async () => {
  const options = {
    providers: { openai: key },
    aliases: { "gpt-4o": "good", good: "openai/gpt-4.1", left: "right", right: "left", fast: "test/echo" },
  };
  expect(await idsOf(options, ["gpt-4o", "fast"])).toEqual(["openai/gpt-4.1", "test/echo"]);
  await withModels({ ...options }, (models) => {
    expect(() => models.resolve("left")).toThrow("go round in a circle");
  });
});

test("an endpoint makes a provider of its own; the name of a known one is refused", async () => {
  const endpoints = { vllm: { baseUrl: "http://10.0.0.5:8000/v1" } };
  expect(await idsOf({ endpoints, defaultModel: "vllm/a/b" }, ["vllm/Qwen/Qwen3", "x"])).toEqual([
    "vllm/Qwen/Qwen3",
    "vllm/a/b",
  ]);
  await expect(withModels({ endpoints: { openai: { baseUrl: "http://10.0.0.5/v1" } } }, () => {})).rejects.toThrow(
    "has the name of a provider",
  );
});

test("a default model that cannot be used is an error which names the ways to get one", async () => {
  await expect(withModels({ defaultModel: "openai/gpt-4.1" }, () => {})).rejects.toMatchObject({
    code: "invalid_field_value",
    message: expect.stringMatching(/openai\/gpt-4\.1.*has no key.*Ollama.*OPENAI_API_KEY/s),
  });
  await expect(withModels({ defaultModel: "anything" }, () => {})).rejects.toThrow("cannot be used");
});

test("a local model that nobody knows is an error, not another model", async () => {
  await withModels({}, (models) => {
    expect(() => models.resolve("local/nothing")).toThrow("Expected the name of a local model");
  });
});

test("the list begins with the default and holds what is configured", async () => {
  await withModels({ providers: { openai: key }, aliases: { mine: "openai/o3" } }, (models) => {
    const names = models.list();
    expect(names[0]).toEqual({
      name: "openai/gpt-4.1-mini",
      model: "openai/gpt-4.1-mini",
      provider: "openai",
      isDefault: true,
    });
    expect(names.filter(({ isDefault }) => isDefault)).toHaveLength(1);
    expect(names.map(({ name }) => name)).toEqual(expect.arrayContaining(["mine", "local/smollm2-135m", "test/echo"]));
    expect(names.some(({ provider }) => provider === "anthropic")).toBe(false);
  });
});

test("the hosts of operator-set addresses are known with their ports", () => {
  expect(
    modelHosts({
      providers: { openai: { baseUrl: "https://gateway.internal/v1" }, ollama: { baseUrl: "http://127.0.0.1:11434" } },
      endpoints: { vllm: { baseUrl: "http://[::1]:8000/v1" } },
      local: { hubUrl: "http://hub.internal" },
    }),
  ).toEqual(["gateway.internal:443", "127.0.0.1:11434", "[::1]:8000", "hub.internal:80"]);
});

/** Answers each request with the next status; 200 is a short answer in chat completions. */
async function startServer(statuses: number[]) {
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    seen.push(request);
    request.resume();
    const status = statuses.shift() ?? 200;
    if (status !== 200) {
      response.writeHead(status, { "content-type": "application/json", "retry-after-ms": "1" }).end("{}");
      return;
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(
      [
        'data: {"choices":[{"delta":{"content":"hi"}}]}',
        'data: {"choices":[{"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1}}',
        "data: [DONE]",
        "",
      ].join("\n\n"),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("expected a port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await server[Symbol.asyncDispose]();
    },
  };
}

test("a resolved model answers over its wire, and passing failures are tried again and told", async () => {
  await using server = await startServer([503, 429]);
  const retries: unknown[] = [];
  const parts = await withModels(
    {
      providers: { ollama: { baseUrl: server.url } },
      onRetry: ({ model, try: number }) => void retries.push([model, number]),
    },
    async (models): Promise<ModelPart[]> => {
      const { model } = models.resolve("ollama/llama3.2");
      const request = { system: [], messages: [{ role: "user", content: "hello" } as const] };
      return await Array.fromAsync(model.stream(request, { signal: new AbortController().signal }));
    },
  );
  expect(parts).toMatchObject([
    { type: "text-delta", text: "hi" },
    { type: "finish", usage: { inputTokens: 3 } },
  ]);
  expect(retries).toEqual([
    ["ollama/llama3.2", 1],
    ["ollama/llama3.2", 2],
  ]);
  expect(server.seen.map(({ url }) => url)).toEqual(Array(3).fill("/v1/chat/completions"));
});

test("nothing of a provider package or of the local model is loaded before a call", async () => {
  const { spawnSync } = await import("node:child_process");
  const script = `
    import { registerHooks } from "node:module";
    registerHooks({ resolve: (name, context, next) => (console.log(name), next(name, context)) });
    const { createModels } = await import(${JSON.stringify(new URL("./registry.ts", import.meta.url).href)});
    const key = { apiKey: "k" };
    const models = createModels({ outbound: {}, dataDir: "x", providers: { google: key, openai: key } });
    for (const name of ["gemini-3-flash-preview", "o3", "local/smollm2-135m"]) models.resolve(name);`;
  const run = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
  expect(run.stderr).toBe("");
  expect(run.stdout).toContain("registry.ts");
  expect(run.stdout).not.toMatch(/^@ai-sdk\/(google|openai)$|node-llama-cpp|^\.\/local\/local-model\.ts/m);
});
