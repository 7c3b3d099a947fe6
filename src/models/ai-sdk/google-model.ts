import type { Outbound } from "../../egress/outbound.ts";
import type { LanguageModel } from "../language-model.ts";
import { createAiSdkModel } from "./ai-sdk-model.ts";
import { createOutboundFetch } from "../../egress/outbound-fetch.ts";
import { providerLimits } from "./provider-limits.ts";

export interface ProviderModelOptions {
  /** `provider/model`, as we name it. */
  id: string;
  /** The model as the provider names it. */
  modelName: string;
  /** Up to the version: `https://generativelanguage.googleapis.com/v1beta`. */
  baseUrl: string;
  apiKey: string;
  outbound: Outbound;
}

/** A Gemini model. @see https://ai.google.dev/api/generate-content */
export function createGoogleModel({ id, modelName, baseUrl, apiKey, outbound }: ProviderModelOptions): LanguageModel {
  return createAiSdkModel({
    id,
    secrets: [apiKey],
    async load() {
      const { createGoogle } = await import("@ai-sdk/google");
      return createGoogle({ baseURL: baseUrl, apiKey, fetch: createOutboundFetch(outbound, providerLimits) })(
        modelName,
      );
    },
    // Older models refuse the whole setting.
    providerOptions: /^gemini-(2\.5|[3-9])/.test(modelName)
      ? { google: { thinkingConfig: { includeThoughts: true } } }
      : undefined,
  });
}
