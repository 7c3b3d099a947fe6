import type { Usage } from "../contract/usage.ts";

/** US dollars per million tokens. */
export interface Price {
  input: number;
  output: number;
  /** Input read from the provider's cache; absent: as dear as other input. */
  cacheRead?: number;
  /** Input written to the provider's cache; absent: as dear as other input. */
  cacheWrite?: number;
  /** Above so many input tokens the provider takes another price, which we do not know. */
  maxInputTokens?: number;
}

/** When the table was last compared with the providers' price lists. */
export const pricesAsOf = "2026-04-30";

/**
 * List prices of direct calls, standard tier, five-minute cache. Left out is what we are not sure of: an unknown price is
 * null in every sum, never 0.
 * @see https://openai.com/api/pricing/
 * @see https://docs.anthropic.com/en/docs/about-claude/pricing
 * @see https://ai.google.dev/gemini-api/docs/pricing
 */
const listPrices: Record<string, Price> = {
  "openai/gpt-4o": { input: 2.5, cacheRead: 1.25, output: 10 },
  "openai/gpt-4o-mini": { input: 0.15, cacheRead: 0.075, output: 0.6 },
  "openai/gpt-4.1": { input: 2, cacheRead: 0.5, output: 8 },
  "openai/gpt-4.1-mini": { input: 0.4, cacheRead: 0.1, output: 1.6 },
  "openai/gpt-4.1-nano": { input: 0.1, cacheRead: 0.025, output: 0.4 },
  "openai/o1": { input: 15, cacheRead: 7.5, output: 60 },
  "openai/o3": { input: 2, cacheRead: 0.5, output: 8 },
  "openai/o3-mini": { input: 1.1, cacheRead: 0.55, output: 4.4 },
  "openai/o4-mini": { input: 1.1, cacheRead: 0.275, output: 4.4 },
  "openai/gpt-5": { input: 1.25, cacheRead: 0.125, output: 10 },
  "openai/gpt-5-mini": { input: 0.25, cacheRead: 0.025, output: 2 },
  "openai/gpt-5-nano": { input: 0.05, cacheRead: 0.005, output: 0.4 },
  "openai/gpt-5.1": { input: 1.25, cacheRead: 0.125, output: 10 },
  "openai/gpt-5.2": { input: 1.75, cacheRead: 0.175, output: 14 },

  "anthropic/claude-3-haiku": { input: 0.25, cacheWrite: 0.3, cacheRead: 0.03, output: 1.25 },
  "anthropic/claude-3-5-haiku": { input: 0.8, cacheWrite: 1, cacheRead: 0.08, output: 4 },
  "anthropic/claude-3-5-sonnet": { input: 3, cacheWrite: 3.75, cacheRead: 0.3, output: 15 },
  "anthropic/claude-3-7-sonnet": { input: 3, cacheWrite: 3.75, cacheRead: 0.3, output: 15 },
  "anthropic/claude-sonnet-4": { input: 3, cacheWrite: 3.75, cacheRead: 0.3, output: 15, maxInputTokens: 200_000 },
  "anthropic/claude-sonnet-4-5": { input: 3, cacheWrite: 3.75, cacheRead: 0.3, output: 15, maxInputTokens: 200_000 },
  "anthropic/claude-sonnet-4-6": { input: 3, cacheWrite: 3.75, cacheRead: 0.3, output: 15, maxInputTokens: 200_000 },
  "anthropic/claude-haiku-4-5": { input: 1, cacheWrite: 1.25, cacheRead: 0.1, output: 5 },
  "anthropic/claude-opus-4": { input: 15, cacheWrite: 18.75, cacheRead: 1.5, output: 75 },
  "anthropic/claude-opus-4-1": { input: 15, cacheWrite: 18.75, cacheRead: 1.5, output: 75 },
  "anthropic/claude-opus-4-5": { input: 5, cacheWrite: 6.25, cacheRead: 0.5, output: 25 },
  "anthropic/claude-opus-4-6": { input: 5, cacheWrite: 6.25, cacheRead: 0.5, output: 25, maxInputTokens: 200_000 },
  "anthropic/claude-opus-4-7": { input: 5, cacheWrite: 6.25, cacheRead: 0.5, output: 25, maxInputTokens: 200_000 },

  "google/gemini-2.5-pro": { input: 1.25, cacheRead: 0.125, output: 10, maxInputTokens: 200_000 },
  "google/gemini-2.5-flash": { input: 0.3, cacheRead: 0.03, output: 2.5 },
  "google/gemini-2.5-flash-lite": { input: 0.1, cacheRead: 0.01, output: 0.4 },
};

/** Models on the operator's own machines cost no tokens. */
const freeProviders: ReadonlySet<string> = new Set(["local", "ollama", "test"]);
const free: Price = { input: 0, output: 0 };

export interface Prices {
  /** The price of a model by its id, `provider/model`; undefined when it is not known. */
  priceOf(modelId: string): Price | undefined;
  /** Nano US dollars, a whole number; null when the price is not known. */
  costOf(modelId: string, usage: Usage): number | null;
}

/** @param overrides prices by model id, which win over the table; also those of free providers */
export function createPrices(overrides: Readonly<Record<string, Price>> = {}): Prices {
  const found = new Map<string, Price | undefined>();

  function priceOf(modelId: string): Price | undefined {
    if (found.has(modelId)) return found.get(modelId);
    const price = lookUp(modelId, overrides);
    if (found.size < 1_000) found.set(modelId, price);
    return price;
  }

  return {
    priceOf,
    costOf(modelId, usage) {
      const price = priceOf(modelId);
      if (price === undefined || usage.inputTokens > (price.maxInputTokens ?? Infinity)) return null;
      const { cacheReadTokens, cacheWriteTokens } = usage;
      const freshTokens = Math.max(0, usage.inputTokens - cacheReadTokens - cacheWriteTokens);
      // A dollar a million tokens is 1,000 nano dollars a token.
      return Math.round(
        1_000 *
          (freshTokens * price.input +
            cacheReadTokens * (price.cacheRead ?? price.input) +
            cacheWriteTokens * (price.cacheWrite ?? price.input) +
            usage.outputTokens * price.output),
      );
    },
  };
}

function lookUp(modelId: string, overrides: Readonly<Record<string, Price>>): Price | undefined {
  // The same models answer on either of OpenAI's two wires.
  const id = modelId.replace(/^openai-responses\//, "openai/");
  const undated = id.replace(/-(\d{8}|\d{4}-\d{2}-\d{2}|latest)$/, "");
  for (const name of [modelId, id, undated]) {
    const price = own(overrides, name) ?? own(listPrices, name);
    if (price !== undefined) return price;
  }
  return freeProviders.has(modelId.slice(0, modelId.indexOf("/"))) ? free : undefined;
}

function own<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
