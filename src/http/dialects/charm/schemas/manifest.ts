import { z } from "zod";
import { codeLifecycles } from "../../../../contract/agent.ts";
import { jsonObjectSchema } from "../../../../contract/json.ts";

const texts = z.array(z.string());

const adapterVariables = z.union([
  z.object({ models: texts.default([]), tools: texts.default([]) }),
  // A flat list, as older manifests have it. Which of the names are of models makes no difference to a run.
  texts.transform((names) => ({ models: [], tools: names })),
]);

/**
 * `charm.yaml`, the contract of an agent, by the model that `charm push` enforces: unknown keys are dropped, absent ones
 * and nulls are the same.
 */
export const manifestSchema = z.object({
  version: z.string().regex(/^0\.4(\.\d+)?$/, "Input should match the pattern ^0\\.4(\\.\\d+)?$"),
  id: z.string().nullish(),
  persona: z.object({
    name: z.string(),
    version: z
      .string()
      .regex(/^\d+\.\d+\.\d+$/, "Input should match the pattern ^\\d+\\.\\d+\\.\\d+$")
      .default("0.1.0"),
    description: z.string(),
    full_description: z.string().nullish(),
    authors: texts.default([]),
    tags: texts.default([]),
    license: z.string().default("Free"),
    assets: z.looseObject({}).nullish(),
  }),
  pricing: z
    .looseObject({
      model: z.enum(["free", "subscription", "one_time", "usage_based"]).default("free"),
      amount: z.number().default(0),
      billing_period: z.enum(["monthly", "annual"]).nullish(),
    })
    .nullish(),
  auth: z
    .object({ providers: z.array(z.object({ name: z.string(), scopes: texts.default([]) })).default([]) })
    .nullish(),
  goals: texts.default([]),
  interface: z.object({
    input: jsonObjectSchema,
    output: jsonObjectSchema,
    state: z.looseObject({ format: z.enum(["json", "binary", "pydantic_model"]).default("json") }).nullish(),
    ui: jsonObjectSchema.nullish(),
  }),
  runtime: z.object({
    adapter: z.object({
      type: z.string().min(1),
      entry_point: z.string().nullish(),
      environment_variables: adapterVariables.nullish(),
    }),
    skills: z.array(z.looseObject({ name: z.string(), source: z.string() })).default([]),
    telemetry: texts.default([]),
    memory: z.looseObject({ provider: z.string().default("local") }).nullish(),
    config: jsonObjectSchema.nullish(),
    custom_image: z.string().nullish(),
    mode: z.enum(["standard", "full"]).default("standard"),
    lifecycle: z.enum(codeLifecycles).default("serverless"),
  }),
  policies: z
    .looseObject({
      allow_internet_access: z.boolean().default(true),
      max_steps: z.int().default(20),
      budget_limit: z.number().default(0),
      execution_timeout_seconds: z.int().min(1).nullish(),
    })
    .nullish(),
  workflow: jsonObjectSchema.nullish(),
});
export type Manifest = z.infer<typeof manifestSchema>;
