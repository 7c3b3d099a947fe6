import { RunyardError } from "../contract/errors.ts";
import type { Outbound } from "../egress/outbound.ts";
import { createModelFactory, type ModelFactory, type ProviderConnections } from "./model-factory.ts";
import type { LanguageModel } from "./language-model.ts";
import { catalogue, defaultLocalModel } from "./local/catalogue.ts";
import { waysToGetAModel } from "./local/ways-to-get-a-model.ts";
import { fullNameOf } from "./known-names.ts";
import { providerFacts, providerNames } from "./providers.ts";
import { defaultLimits, type ReliabilityLimits, reliableStream } from "./reliable-stream.ts";
import { testModelId } from "./test-model.ts";

export interface ModelsOptions extends ProviderConnections {
  /** Lets the hosts of `modelHosts` through besides the public internet. */
  outbound: Outbound;
  /** Where local models lie. */
  dataDir: string;
  /** Answers for every name that cannot be resolved; default: the first configured provider's, else the local one. */
  defaultModel?: string;
  /** Names of the operator's own; they win over everything. */
  aliases?: Readonly<Record<string, string>>;
  limits?: Partial<ReliabilityLimits>;
  local?: { idleMs?: number; hubUrl?: string };
  /** Told of each pause before a call is tried again. */
  onRetry?: (retry: { model: string; try: number; delayMs: number; error: RunyardError }) => void;
}

export interface ResolvedModel {
  /** Within time limits, and tried again before its first token. */
  model: LanguageModel;
  /** The name that was asked for. */
  askedFor: string;
  /** Why the default model answers instead, in words for a person; undefined when it does not. */
  fellBack: string | undefined;
}

export interface ListedName {
  /** As an agent's `model` takes it. */
  name: string;
  /** What answers: the full id of a model. */
  model: string;
  provider: string;
  isDefault: boolean;
}

export interface Models extends AsyncDisposable {
  /** The full id of the default model. */
  readonly defaultModel: string;
  /**
   * The model behind a name: an alias, `provider/model`, or a vendor's bare name. A name that is not known, or whose
   * provider is not configured, gets the default model.
   * @throws RunyardError `invalid_field_value` for aliases that go round in a circle or a local model nobody knows
   */
  resolve(name: string): ResolvedModel;
  /** Names that are sure to mean something here, the default first. Any other name of a configured provider works too. */
  list(): ListedName[];
}

/** Local models are slow, and wait in line for each other: their limits are this many times longer. */
const localPatience = 5;
const maxKnownNames = 1_000;
const maxAliasSteps = 8;

/**
 * The models of this server. Nothing of a provider is loaded before its first call. Disposing ends local models.
 * @throws RunyardError `invalid_field_value` when the default model, or an endpoint's name, cannot be used
 */
export function createModels(options: ModelsOptions): Models {
  const factory = createModelFactory(options);
  const resolved = new Map<string, ResolvedModel>();
  const models = new Map<string, LanguageModel>();
  const defaultModel = findDefaultModel(options, factory);

  function modelOf(id: string): LanguageModel {
    let model = models.get(id);
    if (model === undefined) {
      model = makeReliable(factory.create(id), options);
      if (models.size < maxKnownNames) models.set(id, model);
    }
    return model;
  }

  function resolve(name: string): ResolvedModel {
    const known = resolved.get(name);
    if (known !== undefined) return known;
    const target = findTarget(name, options, factory);
    const fresh: ResolvedModel = {
      model: modelOf("id" in target ? target.id : defaultModel),
      askedFor: name,
      fellBack: "id" in target ? undefined : `${target.problem} ${defaultModel} answers instead.`,
    };
    if (resolved.size < maxKnownNames) resolved.set(name, fresh);
    return fresh;
  }

  return {
    defaultModel,
    resolve,
    list: () => listNames(options, factory, defaultModel),
    async [Symbol.asyncDispose]() {
      await factory[Symbol.asyncDispose]();
    },
  };
}

type Target = { id: string } | { problem: string };

function findTarget(asked: string, { aliases = {} }: ModelsOptions, factory: ModelFactory): Target {
  let name = asked.trim();
  for (let step = 0; Object.hasOwn(aliases, name); step += 1) {
    if (step === maxAliasSteps) {
      throw new RunyardError("invalid_field_value", `The model aliases go round in a circle at "${name}".`, {
        param: "model",
      });
    }
    name = aliases[name] ?? name;
  }
  const tier = factory.tier(name);
  if (tier !== undefined) return { id: tier };
  const full = name.includes("/") ? name : fullNameOf(name, factory.hasResponsesWire);
  if (full === undefined) return { problem: `No model is known by the name "${name}".` };
  const problem = factory.problemWith(full);
  return problem === undefined ? { id: full } : { problem };
}

function findDefaultModel(options: ModelsOptions, factory: ModelFactory): string {
  const { defaultModel } = options;
  if (defaultModel === undefined) {
    const provider = providerNames.find((name) => factory.isConfigured(name));
    return provider === undefined ? defaultLocalModel : `${provider}/${providerFacts[provider].defaultModel}`;
  }
  const target = findTarget(defaultModel, options, factory);
  if ("id" in target) return target.id;
  throw new RunyardError(
    "invalid_field_value",
    `The default model "${defaultModel}" cannot be used. ${target.problem} ${waysToGetAModel}`,
    { param: "models.default" },
  );
}

function makeReliable(model: LanguageModel, options: ModelsOptions): LanguageModel {
  if (model.id === testModelId) return model;
  const patience = model.id.startsWith("local/") ? localPatience : 1;
  const given = { ...defaultLimits, ...options.limits };
  const limits: ReliabilityLimits = {
    firstChunkTimeoutMs: given.firstChunkTimeoutMs * patience,
    chunkTimeoutMs: given.chunkTimeoutMs * patience,
    totalTimeoutMs: given.totalTimeoutMs * patience,
    tries: given.tries,
  };
  const { onRetry } = options;
  const tell =
    onRetry &&
    ((retry: { try: number; delayMs: number; error: RunyardError }) => onRetry({ model: model.id, ...retry }));
  return {
    id: model.id,
    continuesAnswers: model.continuesAnswers,
    stream: (request, { signal }) => reliableStream(model, request, { signal, limits, onRetry: tell }),
  };
}

function listNames(options: ModelsOptions, factory: ModelFactory, defaultModel: string): ListedName[] {
  const names = new Map<string, string>([[defaultModel, defaultModel]]);
  for (const name of Object.keys(options.aliases ?? {})) {
    const target = findTarget(name, options, factory);
    if ("id" in target) names.set(name, target.id);
  }
  for (const provider of providerNames) {
    if (!factory.isConfigured(provider)) continue;
    for (const model of Object.values(providerFacts[provider].tiers)) {
      names.set(`${provider}/${model}`, `${provider}/${model}`);
    }
  }
  for (const { name } of catalogue) names.set(name, name);
  names.set(testModelId, testModelId);
  return [...names].map(([name, model]) => ({
    name,
    model,
    provider: model.slice(0, model.indexOf("/")),
    isDefault: model === defaultModel && name === defaultModel,
  }));
}
