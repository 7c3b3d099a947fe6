import { z } from "zod";
import { missedRunPolicies } from "../../../../contract/job.ts";
import { object, text } from "./framework.ts";

/** The last three are ours. */
export const jobCreateSchema = z
  .object({
    agent_id: text,
    input_payload: object.default({}),
    schedule: text
      .nullish()
      .describe(
        "A cron expression of five fields, or six with seconds first, a nickname such as `@daily`, or one ISO 8601 time. Without it the job runs once, at once.",
      ),
    timezone: text.nullish().describe("IANA name of the zone that the schedule is read in. Default UTC."),
    missed_runs: text
      .nullish()
      .describe("What becomes of runs whose time passed while the server was down: `once` (default) or `skip`."),
    name: text.nullish(),
    user_id: text.nullish().describe("For whom it runs; `me` is the key's own user."),
  })
  .meta({ id: "JobCreate" });

export const jobStatuses = ["pending", "running", "success", "error", "cancelled", "suspended"] as const;

export const jobSchema = z
  .object({
    id: z.string(),
    job_id: z.string().describe("The same as `id`."),
    agent_id: z.string(),
    user_id: z.string(),
    name: z.string().nullable(),
    input_payload: z.record(z.string(), z.unknown()),
    schedule: z.string().nullable(),
    timezone: z.string(),
    missed_runs: z.enum(missedRunPolicies),
    status: z
      .enum(jobStatuses)
      .describe("`pending`: waits for its time; `running`: its last run goes on; `suspended`: it is paused."),
    next_run_at: z.string().nullable(),
    last_run_at: z.string().nullable(),
    last_run_id: z.string().nullable(),
    run_count: z.int(),
    error_message: z.string().nullable().describe("Why the last run could not be started."),
    created_at: z.string(),
    updated_at: z.string(),
  })
  .meta({ id: "Job" });
export type WireJob = z.infer<typeof jobSchema>;
