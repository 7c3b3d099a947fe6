import { z } from "zod";
import { jobStatusSchema, missedRunPolicySchema } from "../../../../contract/job.ts";
import { executionStatuses } from "./execution.ts";
import { jsonObjectSchema } from "./metadata.ts";
import { nameSchema, timeSchema } from "./text.ts";

const schedule = z
  .string()
  .min(1)
  .max(200)
  .describe(
    "A cron expression of five fields, or six with seconds first, a nickname such as `@daily`, or one ISO 8601 time.",
  );
const timeZone = z.string().min(1).max(100).describe("IANA name of the zone that the schedule is read in.");

export const createJobSchema = z
  .object({
    agentId: z.string(),
    input: jsonObjectSchema.describe("What each run is given. A chat agent reads `message`, or the whole as text."),
    schedule: schedule.optional().describe("When it runs. Absent: once, at once."),
    timeZone: timeZone.default("UTC"),
    missedRuns: missedRunPolicySchema
      .default("once")
      .describe("What becomes of runs whose time passed while nobody could start them: one for all, or none."),
    name: nameSchema.optional(),
    userId: z.string().min(1).max(255).optional().describe("For whom a code agent runs; names its workspace."),
  })
  .meta({ id: "CreateJobRequest" });

export const updateJobSchema = z
  .object({
    status: z.enum(["active", "paused"]).describe("`paused`: nothing is started until it is `active` again."),
  })
  .partial()
  .meta({ id: "UpdateJobRequest" });

export const jobSchema = z
  .object({
    id: z.string(),
    agentId: z.string(),
    userId: z.string(),
    name: z.string().optional(),
    input: jsonObjectSchema,
    schedule: z.string().optional(),
    timeZone: z.string(),
    missedRuns: missedRunPolicySchema,
    status: jobStatusSchema.describe(
      "`completed`: its last run was started; `failed`: its only run could not be started.",
    ),
    nextRunAt: timeSchema.optional(),
    lastRunAt: timeSchema.optional().describe("When the last run was started, or could not be."),
    lastExecution: z.object({ id: z.string(), status: z.enum(executionStatuses) }).optional(),
    runCount: z.int().describe("Runs that were started."),
    lastError: z
      .object({ code: z.string(), message: z.string() })
      .optional()
      .describe("Why the last run could not be started."),
    createdAt: timeSchema,
    updatedAt: timeSchema,
  })
  .meta({ id: "Job" });
export type WireJob = z.infer<typeof jobSchema>;
