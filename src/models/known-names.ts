import type { ProviderName } from "./providers.ts";

/** Which provider has the models whose names begin so. Order matters: the first that fits. */
const prefixes: readonly [RegExp, ProviderName][] = [
  [/^claude-/, "anthropic"],
  [/^(gpt-|chatgpt-|o[134](-|$)|codex-)/, "openai"],
  [/^(gemini-|gemma-)/, "google"],
  [/^(mistral-|ministral-|magistral-|codestral-|devstral-|pixtral-|open-mi)/, "mistral"],
  [/^deepseek-/, "deepseek"],
  [/^grok-/, "xai"],
];

/**
 * Names that clients of the hosted platforms send and no vendor has, and what they stand for. All other names of the
 * platforms are their vendors' own and are found by how they begin.
 */
const standIns: Readonly<Record<string, string>> = {
  "claude-haiku-4-20250514": "anthropic/claude-haiku-4-5-20251001",
};

/** OpenAI's models that reason, whose reasoning only the responses wire keeps between tool calls. */
const reasoningModel = /^(o\d|codex-|gpt-([5-9]|\d\d)(?!.*-chat))/;

/**
 * The full name behind a bare one, by what the world calls models: `gpt-4.1-mini` → `openai/gpt-4.1-mini`.
 *
 * @param hasResponsesWire whether OpenAI itself is behind the provider `openai`, rather than a server that speaks as it did
 * @returns undefined for a name that no vendor's begin like
 */
export function fullNameOf(name: string, hasResponsesWire: boolean): string | undefined {
  if (Object.hasOwn(standIns, name)) return standIns[name];
  const provider = prefixes.find(([pattern]) => pattern.test(name))?.[1];
  if (provider === undefined) return undefined;
  if (provider === "openai" && hasResponsesWire && reasoningModel.test(name)) return `openai-responses/${name}`;
  return `${provider}/${name}`;
}
