import { expect, test } from "vitest";
import { createPrices } from "./prices.ts";

const usage = { inputTokens: 1_000, outputTokens: 100, cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 50 };

test("a call costs its input and output at list price, in nano dollars", () => {
  // 1,000 × 0.40 $ + 100 × 1.60 $ a million tokens
  expect(createPrices().costOf("openai/gpt-4.1-mini", usage)).toBe(560_000);
});

test("cached input is taken out of the input and costs its own price", () => {
  const cached = { ...usage, cacheReadTokens: 600, cacheWriteTokens: 300 };
  // 100 × 3 + 600 × 0.30 + 300 × 3.75 + 100 × 15
  expect(createPrices().costOf("anthropic/claude-sonnet-4-20250514", cached)).toBe(3_105_000);
});

test("dated names, aliases of the newest and the responses wire find the price of the model", () => {
  const { priceOf } = createPrices();
  expect(priceOf("openai/gpt-4.1-2025-04-14")).toEqual(priceOf("openai/gpt-4.1"));
  expect(priceOf("openai-responses/o3")).toEqual(priceOf("openai/o3"));
  expect(priceOf("anthropic/claude-3-7-sonnet-latest")).toEqual(priceOf("anthropic/claude-3-7-sonnet"));
});

test("an unknown price is null, never 0: of a model, or of a length that costs otherwise", () => {
  const { costOf } = createPrices();
  expect(costOf("openai/gpt-99", usage)).toBeNull();
  expect(costOf("vllm/qwen", usage)).toBeNull();
  expect(costOf("openai/constructor", usage)).toBeNull();
  expect(costOf("google/gemini-2.5-pro", { ...usage, inputTokens: 200_001 })).toBeNull();
});

test("what runs on the operator's own machine is free, unless the settings say otherwise", () => {
  expect(createPrices().costOf("local/smollm2-135m", usage)).toBe(0);
  expect(createPrices().costOf("ollama/llama3.2", usage)).toBe(0);
  const own = createPrices({ "ollama/llama3.2": { input: 1, output: 2 }, "vllm/qwen": { input: 1, output: 0 } });
  expect(own.costOf("ollama/llama3.2", usage)).toBe(1_200_000);
  expect(own.costOf("vllm/qwen", usage)).toBe(1_000_000);
});
