import { RunyardError } from "../contract/errors.ts";
import type { Outbound } from "../egress/outbound.ts";
import { createGoogleModel } from "./ai-sdk/google-model.ts";
import { createOpenAiResponsesModel } from "./ai-sdk/openai-responses-model.ts";
import { createAnthropicModel } from "./anthropic/anthropic-model.ts";
import type { LanguageModel } from "./language-model.ts";
import { findLocalModel } from "./local/catalogue.ts";
import { createLazyLocalModel } from "./lazy-local-model.ts";
import { createOpenAiCompatibleModel } from "./openai-compatible/openai-compatible-model.ts";
import { isProviderName, type ProviderFacts, providerFacts, type ProviderName, providerNames } from "./providers.ts";
import { createTestModel, testModelId } from "./test-model.ts";

/** Address and key of one provider, as the operator set them. */
export interface Connection {
  apiKey?: string;
  baseUrl?: string;
}

export interface ProviderConnections {
  providers?: Partial<Record<ProviderName, Connection>>;
  /** Servers that speak chat completions, by the short name that comes before the slash. */
  endpoints?: Readonly<Record<string, { baseUrl: string; apiKey?: string }>>;
}

export interface ModelFactoryOptions extends ProviderConnections {
  outbound: Outbound;
  dataDir: string;
  local?: { idleMs?: number; hubUrl?: string };
}

export interface ModelFactory extends AsyncDisposable {
  /** Whether OpenAI itself answers as `openai`. */
  readonly hasResponsesWire: boolean;
  isConfigured(provider: ProviderName): boolean;
  /** The model of a tier, `fast`, `balanced` or `max`, of the first configured provider; undefined for other names. */
  tier(name: string): string | undefined;
  /** Why no model can be made for this id, in a sentence; undefined when one can. */
  problemWith(id: string): string | undefined;
  /** Makes the model of an id that `problemWith` has nothing against. */
  create(id: string): LanguageModel;
}

const otherNames: ReadonlySet<string> = new Set(["openai-responses", "local", "test"]);

/** @throws RunyardError `invalid_field_value` when an endpoint takes the name of a provider */
export function createModelFactory(options: ModelFactoryOptions): ModelFactory {
  const { outbound, providers = {}, endpoints = {} } = options;
  const locals: AsyncDisposable[] = [];

  for (const name of Object.keys(endpoints)) {
    if (isProviderName(name) || otherNames.has(name)) {
      throw new RunyardError(
        "invalid_field_value",
        `The model endpoint "${name}" has the name of a provider. Take another.`,
        {
          param: "models.endpoints",
        },
      );
    }
  }

  const isConfigured = (name: ProviderName) => {
    const { apiKey, baseUrl } = providers[name] ?? {};
    return providerFacts[name].keyless ? apiKey !== undefined || baseUrl !== undefined : apiKey !== undefined;
  };

  const hasResponsesWire = isConfigured("openai") && providers.openai?.baseUrl === undefined;

  return {
    hasResponsesWire,
    isConfigured,

    tier(name) {
      if (name !== "fast" && name !== "balanced" && name !== "max") return undefined;
      const provider = providerNames.find(isConfigured);
      return provider === undefined ? undefined : `${provider}/${providerFacts[provider].tiers[name]}`;
    },

    problemWith(id) {
      const [provider, modelName] = splitId(id);
      if (modelName === "") return `"${id}" names no model: expected \`provider/model\`.`;
      if (Object.hasOwn(endpoints, provider) || id === testModelId) return undefined;
      if (provider === "local") {
        findLocalModel(id);
        return undefined;
      }
      const configurable = provider === "openai-responses" ? "openai" : provider;
      if (!isProviderName(configurable)) return `No provider is known by the name "${provider}".`;
      return isConfigured(configurable) ? undefined : `The provider "${configurable}" has no key.`;
    },

    create(id) {
      const [provider, modelName] = splitId(id);
      const endpoint = Object.hasOwn(endpoints, provider) ? endpoints[provider] : undefined;
      if (endpoint !== undefined) return createOpenAiCompatibleModel({ id, modelName, outbound, ...endpoint });
      if (id === testModelId) return createTestModel();
      if (provider === "local") {
        const local = createLazyLocalModel({
          entry: findLocalModel(id),
          dataDir: options.dataDir,
          outbound,
          ...options.local,
        });
        locals.push(local);
        return local;
      }
      const name = provider === "openai-responses" ? "openai" : provider;
      if (!isProviderName(name))
        throw new RunyardError("invalid_field_value", `No provider is known by the name "${provider}".`);
      const facts: ProviderFacts = providerFacts[name];
      const { apiKey = "", baseUrl = facts.baseUrl ?? "" } = providers[name] ?? {};
      const connection = {
        id,
        modelName,
        apiKey,
        baseUrl: name === "ollama" ? ollamaBaseUrl(baseUrl) : baseUrl,
        outbound,
      };
      if (provider === "openai-responses") return createOpenAiResponsesModel(connection);
      switch (facts.wire) {
        case "openai-compatible":
          return createOpenAiCompatibleModel(connection);
        case "anthropic":
          return createAnthropicModel(connection);
        case "google":
          return createGoogleModel(connection);
        default:
          return facts.wire satisfies never;
      }
    },

    async [Symbol.asyncDispose]() {
      await Promise.all(locals.splice(0).map((local) => local[Symbol.asyncDispose]()));
    },
  };
}

function splitId(id: string): [provider: string, modelName: string] {
  const slash = id.indexOf("/");
  return slash < 0 ? [id, ""] : [id.slice(0, slash), id.slice(slash + 1)];
}

/** People write where Ollama listens; its chat completions are below `/v1`. */
function ollamaBaseUrl(baseUrl: string): string {
  return URL.parse(baseUrl)?.pathname === "/" ? `${baseUrl.replace(/\/+$/, "")}/v1` : baseUrl;
}
