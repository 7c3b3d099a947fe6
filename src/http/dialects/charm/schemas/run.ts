import { z } from "zod";
import type { Json } from "../../../../contract/json.ts";
import { integer, object, text, textByName } from "./framework.ts";

export const executeRequestSchema = z
  .object({
    agent_id: text,
    version: text,
    input_payload: object.default({}),
    env_vars: textByName.default({}),
    files: textByName.default({}),
    // Any JSON; the body has been read as such, and a recursive schema would only cloud the document.
    history: z.array(z.custom<Json>(() => true)).default([]),
    state_snapshot: text.default(""),
    thread_id: text.nullish(),
    adapter_type: text.default("python"),
    runtime_mode: text.default("standard"),
    lifecycle: text.default("serverless"),
    run_id: text.nullish(),
    completion_callback_url: text.nullish(),
  })
  .meta({ id: "CharmExecuteRequest" });
export type ExecuteRequest = z.infer<typeof executeRequestSchema>;

export const completeRunRequestSchema = z
  .object({
    status: text.default("success"),
    result_content: object.nullish(),
    duration_ms: integer.nullish(),
  })
  .meta({ id: "CompleteRunRequest" });

export const progressRequestSchema = z.object({ current_status: text.nullish() }).meta({ id: "ProgressRequest" });

export const runPathSchema = z.object({ run_id: text });

const runStatuses = ["pending", "running", "success", "error", "cancelled", "suspended"] as const;
export type RunStatus = (typeof runStatuses)[number];

/** Of our own making: the product publishes no bodies of its answers. */
export const runSchema = z
  .object({
    id: z.string(),
    run_id: z.string(),
    agent_id: z.string().nullable(),
    version: z.string().nullable(),
    thread_id: z.string().nullable(),
    status: z.enum(runStatuses),
    current_status: z.string().nullable(),
    input_payload: object,
    result_content: object.nullable(),
    error_message: z.string().nullable(),
    created_at: z.string(),
    completed_at: z.string().nullable(),
    duration_ms: z.int().nullable(),
  })
  .meta({ id: "CharmRun" });
export type WireRun = z.infer<typeof runSchema>;

export const changedRunSchema = runSchema.extend({ success: z.boolean() }).meta({ id: "CharmChangedRun" });

export const runEventsSchema = z
  .object({
    run_id: z.string(),
    events: z.array(z.looseObject({ seq: z.int(), created_at: z.string(), type: z.string() })),
  })
  .meta({ id: "CharmRunEvents" });
