import { z } from "zod";
import { setting } from "./setting.ts";
import { baseUrlSchema, milliseconds, secretSchema } from "./setting-types.ts";

const endpointSchema = z.union([
  baseUrlSchema.transform((baseUrl) => ({ baseUrl, apiKey: undefined })),
  z.strictObject({ baseUrl: baseUrlSchema, apiKey: secretSchema.optional() }),
]);

const usd = z.number().min(0).max(1_000_000);

const priceSchema = z.strictObject({
  input: usd,
  output: usd,
  cacheRead: usd.optional(),
  cacheWrite: usd.optional(),
});

/** Which model answers to which name, what it costs, and how long it is waited for. */
export const modelSettingsSchema = z
  .strictObject({
    default: setting(z.string().min(1).max(200).optional(), {
      env: ["RUNYARD_DEFAULT_MODEL"],
      text: "text",
      expected: "a model name such as `openai/gpt-4.1-mini`",
      about:
        "Answers for every name that no configured provider has. Not set: a model of the first configured provider, else `local/smollm2-135m`.",
    }),
    aliases: setting(z.record(z.string().min(1).max(200), z.string().min(1).max(200)).default({}), {
      env: ["RUNYARD_MODEL_ALIASES"],
      text: "pairs",
      expected: "pairs of a name and the model it stands for",
      about: "Names of your own, or other targets for known ones. They win over everything built in.",
    }),
    endpoints: setting(z.record(z.string().regex(/^[a-z][a-z0-9-]{0,31}$/), endpointSchema).default({}), {
      env: ["RUNYARD_MODEL_ENDPOINTS"],
      text: "pairs",
      expected: "pairs of a short lower-case name and an http or https URL (in the file also `{baseUrl, apiKey}`)",
      about:
        "Servers that speak OpenAI chat completions (vLLM, llama.cpp, a gateway): `vllm=http://10.0.0.5:8000/v1` makes `vllm/<model>`.",
    }),
    prices: setting(z.record(z.string().min(1).max(200), priceSchema).default({}), {
      text: "pairs",
      expected: "for each model `{input, output, cacheRead?, cacheWrite?}` in US dollars per million tokens",
      about: "Prices of models that the built-in table does not know, or has otherwise.",
    }),
    firstChunkTimeoutMs: setting(milliseconds.min(1).default(60_000), {
      env: ["RUNYARD_MODEL_FIRST_CHUNK_TIMEOUT_MS"],
      text: "number",
      expected: "milliseconds, a whole number from 1",
      about: "How long a model may take to begin its answer; one on this machine gets five times that.",
    }),
    chunkTimeoutMs: setting(milliseconds.min(1).default(30_000), {
      env: ["RUNYARD_MODEL_CHUNK_TIMEOUT_MS"],
      text: "number",
      expected: "milliseconds, a whole number from 1",
      about: "How long a model may pause within its answer; one on this machine gets five times that.",
    }),
    totalTimeoutMs: setting(milliseconds.min(1).default(600_000), {
      env: ["RUNYARD_MODEL_TOTAL_TIMEOUT_MS"],
      text: "number",
      expected: "milliseconds, a whole number from 1",
      about: "How long one model call may take in all, retries included.",
    }),
    tries: setting(z.int().min(1).max(20).default(4), {
      env: ["RUNYARD_MODEL_TRIES"],
      text: "number",
      expected: "a whole number from 1 to 20",
      about: "How often a model call is tried that failed before its first token for a passing reason.",
    }),
    localIdleMinutes: setting(z.number().min(0).max(10_080).default(5), {
      env: ["RUNYARD_LOCAL_MODEL_IDLE_MINUTES"],
      text: "number",
      expected: "minutes, from 0 to 10080",
      about: "A local model without work leaves memory after this time.",
    }),
    hubUrl: setting(baseUrlSchema.default("https://huggingface.co"), {
      env: ["HF_ENDPOINT"],
      text: "text",
      expected: "an http or https URL",
      about: "The model hub that local models are fetched from.",
    }),
  })
  .prefault({});
