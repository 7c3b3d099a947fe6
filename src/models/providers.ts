/** What we know of a provider without asking it. */
export interface ProviderFacts {
  wire: "openai-compatible" | "anthropic" | "google";
  /** Up to the version, as its wire's adapter takes it. Undefined: it has none but the operator's. */
  baseUrl: string | undefined;
  /** Whether it answers without a key at an address that the operator sets. */
  keyless: boolean;
  /** What answers where no model is named: the one for everyday work, not the dearest. */
  defaultModel: string;
  /** What stands for the tiers `fast`, `balanced` and `max`. */
  tiers: { fast: string; balanced: string; max: string };
}

/**
 * The providers, the first configured one giving the default model. Model names are the providers' own; a name that one of
 * them retires is replaced by an alias in the settings.
 */
export const providerFacts = {
  anthropic: {
    wire: "anthropic",
    baseUrl: "https://api.anthropic.com",
    keyless: false,
    defaultModel: "claude-sonnet-4-6",
    tiers: { fast: "claude-haiku-4-5", balanced: "claude-sonnet-4-6", max: "claude-opus-4-6" },
  },
  openai: {
    wire: "openai-compatible",
    baseUrl: "https://api.openai.com/v1",
    keyless: true,
    defaultModel: "gpt-4.1-mini",
    tiers: { fast: "gpt-4.1-nano", balanced: "gpt-4.1-mini", max: "gpt-4.1" },
  },
  google: {
    wire: "google",
    baseUrl: "https://generativelanguage.googleapis.com/v1beta",
    keyless: false,
    defaultModel: "gemini-2.5-flash",
    tiers: { fast: "gemini-2.5-flash-lite", balanced: "gemini-2.5-flash", max: "gemini-2.5-pro" },
  },
  mistral: {
    wire: "openai-compatible",
    baseUrl: "https://api.mistral.ai/v1",
    keyless: false,
    defaultModel: "mistral-medium-latest",
    tiers: { fast: "mistral-small-latest", balanced: "mistral-medium-latest", max: "mistral-large-latest" },
  },
  groq: {
    wire: "openai-compatible",
    baseUrl: "https://api.groq.com/openai/v1",
    keyless: false,
    defaultModel: "llama-3.3-70b-versatile",
    tiers: { fast: "llama-3.1-8b-instant", balanced: "llama-3.3-70b-versatile", max: "llama-3.3-70b-versatile" },
  },
  deepseek: {
    wire: "openai-compatible",
    baseUrl: "https://api.deepseek.com/v1",
    keyless: false,
    defaultModel: "deepseek-chat",
    tiers: { fast: "deepseek-chat", balanced: "deepseek-chat", max: "deepseek-reasoner" },
  },
  xai: {
    wire: "openai-compatible",
    baseUrl: "https://api.x.ai/v1",
    keyless: false,
    defaultModel: "grok-4",
    tiers: { fast: "grok-3-mini", balanced: "grok-4", max: "grok-4" },
  },
  openrouter: {
    wire: "openai-compatible",
    baseUrl: "https://openrouter.ai/api/v1",
    keyless: false,
    defaultModel: "openrouter/auto",
    tiers: { fast: "openrouter/auto", balanced: "openrouter/auto", max: "openrouter/auto" },
  },
  together: {
    wire: "openai-compatible",
    baseUrl: "https://api.together.xyz/v1",
    keyless: false,
    defaultModel: "meta-llama/Llama-3.3-70B-Instruct-Turbo",
    tiers: {
      fast: "meta-llama/Meta-Llama-3.1-8B-Instruct-Turbo",
      balanced: "meta-llama/Llama-3.3-70B-Instruct-Turbo",
      max: "meta-llama/Llama-3.3-70B-Instruct-Turbo",
    },
  },
  ollama: {
    wire: "openai-compatible",
    baseUrl: undefined,
    keyless: true,
    defaultModel: "llama3.2",
    tiers: { fast: "llama3.2", balanced: "llama3.2", max: "llama3.2" },
  },
} as const satisfies Record<string, ProviderFacts>;

export type ProviderName = keyof typeof providerFacts;

export function isProviderName(name: string): name is ProviderName {
  return Object.hasOwn(providerFacts, name);
}

export const providerNames: readonly ProviderName[] = Object.keys(providerFacts).filter(isProviderName);
