import type { JSONObject, LanguageModelV4, LanguageModelV4StreamPart, LanguageModelV4Usage } from "@ai-sdk/provider";
import type { Usage } from "../../contract/usage.ts";
import type { FinishReason, LanguageModel, ModelPart, ModelRequest } from "../language-model.ts";
import { cutAnswer, exchangeError, type ProviderIdentity } from "../wire/provider-error.ts";
import { type SpelledTools, spellTools } from "../wire/spelled-tools.ts";
import { readArguments } from "../wire/tool-arguments.ts";
import { aiSdkError } from "./ai-sdk-error.ts";
import { type KeptMetadata, writeKeptMetadata } from "./kept-metadata.ts";
import { renderCall } from "./prompt.ts";

export interface AiSdkModelOptions {
  /** `provider/model`, as we name it. */
  id: string;
  /** Texts that no error may show: the key. */
  secrets: readonly string[];
  /** Imports the package and makes its model; called at the first request. */
  load(): Promise<LanguageModelV4>;
  /** What goes to the provider as its own options. */
  providerOptions?: Record<string, JSONObject>;
}

/** A model behind a provider package's model interface. One call is one `doStream`, without the package's own retries. */
export function createAiSdkModel(options: AiSdkModelOptions): LanguageModel {
  const identity: ProviderIdentity = { modelId: options.id, secrets: options.secrets };
  let loading: Promise<LanguageModelV4> | undefined;

  async function* stream(request: ModelRequest, { signal }: { signal: AbortSignal }): AsyncGenerator<ModelPart> {
    try {
      signal.throwIfAborted();
      loading ??= options.load();
      const model = await loading;
      const tools = spellTools(request.tools ?? []);
      const { stream } = await model.doStream({
        ...renderCall(request, tools),
        providerOptions: options.providerOptions,
        abortSignal: signal,
      });
      yield* readParts(stream, tools, identity);
    } catch (error) {
      throw exchangeError(identity, aiSdkError(identity, error), signal);
    }
  }
  return { id: options.id, continuesAnswers: false, stream };
}

async function* readParts(
  parts: ReadableStream<LanguageModelV4StreamPart>,
  tools: SpelledTools,
  identity: ProviderIdentity,
): AsyncGenerator<ModelPart> {
  const kept: KeptMetadata = { reasoning: [], calls: new Map() };
  const open = new Map<string, KeptMetadata["reasoning"][number]>();
  let calls = 0;

  for await (const part of parts) {
    switch (part.type) {
      case "text-delta":
        if (part.delta !== "") yield { type: "text-delta", text: part.delta };
        break;
      case "reasoning-start": {
        const block = { text: "", metadata: part.providerMetadata };
        open.set(part.id, block);
        kept.reasoning.push(block);
        break;
      }
      case "reasoning-delta": {
        const block = open.get(part.id);
        if (block !== undefined) {
          block.text += part.delta;
          block.metadata = part.providerMetadata ?? block.metadata;
        }
        if (part.delta !== "") yield { type: "reasoning-delta", text: part.delta };
        break;
      }
      case "reasoning-end": {
        const block = open.get(part.id);
        if (block !== undefined) block.metadata = part.providerMetadata ?? block.metadata;
        break;
      }
      case "tool-call": {
        if (part.providerExecuted === true) break;
        calls += 1;
        if (part.providerMetadata !== undefined) kept.calls.set(part.toolCallId, part.providerMetadata);
        const { input, invalid } = readArguments(part.input);
        const call = { id: part.toolCallId, ...tools.fromProvider(part.toolName, input) };
        yield invalid === undefined ? { type: "tool-call", call } : { type: "tool-call", call, invalid };
        break;
      }
      case "error":
        throw aiSdkError(identity, part.error);
      case "finish": {
        const reason = readFinishReason(part.finishReason.unified, calls);
        if (reason === undefined) throw cutAnswer(identity);
        const reasoning = calls === 0 ? undefined : writeKeptMetadata(kept);
        const usage = readUsage(part.usage);
        yield reasoning === undefined
          ? { type: "finish", reason, usage }
          : { type: "finish", reason, usage, reasoning };
        return;
      }
      default: // blocks opening and closing, sources, metadata, pings, and whatever comes to be
    }
  }
  throw cutAnswer(identity);
}

/** Undefined for an answer that is not whole. */
function readFinishReason(unified: string, calls: number): FinishReason | undefined {
  switch (unified) {
    case "length":
    case "content-filter":
      return unified;
    case "error":
    case "interrupted":
      return undefined;
    default:
      return calls > 0 ? "tool-calls" : "stop";
  }
}

function readUsage({ inputTokens, outputTokens }: LanguageModelV4Usage): Usage | undefined {
  if (inputTokens.total === undefined && outputTokens.total === undefined) return undefined;
  return {
    inputTokens: inputTokens.total ?? 0,
    outputTokens: outputTokens.total ?? 0,
    cacheReadTokens: inputTokens.cacheRead ?? 0,
    cacheWriteTokens: inputTokens.cacheWrite ?? 0,
    reasoningTokens: outputTokens.reasoning ?? 0,
  };
}
