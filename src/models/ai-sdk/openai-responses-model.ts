import type { LanguageModel } from "../language-model.ts";
import { createAiSdkModel } from "./ai-sdk-model.ts";
import type { ProviderModelOptions } from "./google-model.ts";
import { createOutboundFetch } from "../../egress/outbound-fetch.ts";
import { providerLimits } from "./provider-limits.ts";

/**
 * An OpenAI model behind the responses API, which reasoning models want: their reasoning goes back, sealed, with the tool
 * results. Nothing is stored at the provider.
 * @see https://platform.openai.com/docs/api-reference/responses
 */
export function createOpenAiResponsesModel({
  id,
  modelName,
  baseUrl,
  apiKey,
  outbound,
}: ProviderModelOptions): LanguageModel {
  return createAiSdkModel({
    id,
    secrets: [apiKey],
    async load() {
      const { createOpenAI } = await import("@ai-sdk/openai");
      return createOpenAI({ baseURL: baseUrl, apiKey, fetch: createOutboundFetch(outbound, providerLimits) }).responses(
        modelName,
      );
    },
    // The package then asks reasoning models for their sealed reasoning.
    providerOptions: { openai: { store: false } },
  });
}
