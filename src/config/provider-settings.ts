import { z } from "zod";
import { setting } from "./setting.ts";
import { baseUrlSchema, secretSchema } from "./setting-types.ts";

/** Key and address of one model provider, under the variable names that its own tools read. */
function provider(title: string, variables: { key: string[]; url: string[] }) {
  return z
    .strictObject({
      apiKey: setting(secretSchema.optional(), {
        env: variables.key,
        text: "text",
        expected: "the provider's API key, without blanks",
        about: `Turns on the models of ${title}.`,
        secret: true,
      }),
      baseUrl: setting(baseUrlSchema.optional(), {
        env: variables.url,
        text: "text",
        expected: "an http or https URL",
        about: `Where ${title} answers, when not at its public address.`,
      }),
    })
    .prefault({});
}

export const providerSettingsSchema = z
  .strictObject({
    openai: provider("OpenAI", { key: ["OPENAI_API_KEY"], url: ["OPENAI_BASE_URL"] }),
    anthropic: provider("Anthropic", { key: ["ANTHROPIC_API_KEY"], url: ["ANTHROPIC_BASE_URL"] }),
    google: provider("Google Gemini", {
      key: ["GOOGLE_GENERATIVE_AI_API_KEY", "GEMINI_API_KEY"],
      url: ["GOOGLE_GENERATIVE_AI_BASE_URL", "GEMINI_BASE_URL"],
    }),
    mistral: provider("Mistral", { key: ["MISTRAL_API_KEY"], url: ["MISTRAL_BASE_URL"] }),
    groq: provider("Groq", { key: ["GROQ_API_KEY"], url: ["GROQ_BASE_URL"] }),
    deepseek: provider("DeepSeek", { key: ["DEEPSEEK_API_KEY"], url: ["DEEPSEEK_BASE_URL"] }),
    xai: provider("xAI", { key: ["XAI_API_KEY"], url: ["XAI_BASE_URL"] }),
    openrouter: provider("OpenRouter", { key: ["OPENROUTER_API_KEY"], url: ["OPENROUTER_BASE_URL"] }),
    together: provider("Together", { key: ["TOGETHER_API_KEY", "TOGETHER_AI_API_KEY"], url: ["TOGETHER_BASE_URL"] }),
    ollama: z
      .strictObject({
        baseUrl: setting(baseUrlSchema.optional(), {
          env: ["OLLAMA_BASE_URL"],
          text: "text",
          expected: "an http or https URL",
          about: "Turns on the models of an Ollama server, e.g. `http://127.0.0.1:11434`.",
        }),
      })
      .prefault({}),
  })
  .prefault({});
