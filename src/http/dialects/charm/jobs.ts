import type { FastifyReply } from "fastify";
import { z } from "zod";
import { RunyardError } from "../../../contract/errors.ts";
import type { Id } from "../../../contract/ids.ts";
import { missedRunPolicySchema, type MissedRunPolicy } from "../../../contract/job.ts";
import { callerOf } from "../../idempotency.ts";
import { sendJson } from "../../send-json.ts";
import { type CharmEndpoint, documented } from "./endpoint.ts";
import { requireId } from "./ids.ts";
import { renderJobs } from "./render-job.ts";
import { limitQuery, offsetQuery, text } from "./schemas/framework.ts";
import { jobCreateSchema, jobSchema } from "./schemas/job.ts";
import { userIdOf } from "./user-id.ts";
import { readUuid } from "./uuid.ts";

const jobPathSchema = z.object({ job_id: text });

export const listJobs: CharmEndpoint = (scope, { operations }) => {
  scope.get(
    "/charm/v1/jobs",
    {
      config: { scopes: ["agents:read"] },
      schema: {
        ...documented({
          operationId: "list_jobs_v1_jobs_get",
          tag: "Jobs",
          summary: "List Jobs",
          description: "Newest first.",
          status: 200,
          answer: z.array(jobSchema),
        }),
        querystring: z.object({ limit: limitQuery(50), offset: offsetQuery() }),
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      const caller = callerOf(request);
      const { items } = await operations.listJobs(caller, {}, request.query);
      return sendJson(reply, 200, await renderJobs(operations, caller, items));
    },
  );
};

export const createJob: CharmEndpoint = (scope, { operations }) => {
  scope.post(
    "/charm/v1/jobs",
    {
      config: { scopes: ["agents:execute"] },
      schema: {
        ...documented({
          operationId: "create_job_v1_jobs_post",
          tag: "Jobs",
          summary: "Create Job",
          description: "Its runs are of the version that is current at their time, and go by `last_run_id`.",
          status: 201,
          answer: jobSchema,
          errors: [404],
        }),
        body: jobCreateSchema,
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      const caller = callerOf(request);
      const {
        agent_id: agent,
        input_payload: input,
        schedule,
        timezone,
        missed_runs: missed,
        name,
        user_id: user,
      } = request.body;
      const job = await operations
        .createJob(caller, {
          agentId: await requireId(operations, caller, "agent", agent),
          input,
          ...(schedule != null && { schedule }),
          ...(timezone != null && { timeZone: timezone }),
          ...(missed != null && { missedRuns: readPolicy(missed) }),
          ...(name != null && { name }),
          ...(user != null && { userId: userIdOf(caller, user) }),
        })
        .catch(nameTimezone);
      const [rendered] = await renderJobs(operations, caller, [job]);
      return sendJson(reply, 201, rendered);
    },
  );
};

export const getJob: CharmEndpoint = (scope, { operations }) => {
  scope.get(
    "/charm/v1/jobs/:job_id",
    {
      config: { scopes: ["agents:read"] },
      schema: {
        ...documented({
          operationId: "get_job_v1_jobs__job_id__get",
          tag: "Jobs",
          summary: "Get Job",
          status: 200,
          answer: jobSchema,
          errors: [404],
        }),
        params: jobPathSchema,
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      const caller = callerOf(request);
      const job = await operations.getJob(caller, jobIdOf(request.params.job_id));
      const [rendered] = await renderJobs(operations, caller, [job]);
      return sendJson(reply, 200, rendered);
    },
  );
};

export const deleteJob: CharmEndpoint = (scope, { operations }) => {
  scope.delete(
    "/charm/v1/jobs/:job_id",
    {
      config: { scopes: ["agents:execute"] },
      schema: {
        ...documented({
          operationId: "delete_job_v1_jobs__job_id__delete",
          tag: "Jobs",
          summary: "Delete Job",
          description: "Nothing more is started; a run that is under way goes on.",
          status: 204,
          errors: [404],
        }),
        params: jobPathSchema,
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      await operations.deleteJob(callerOf(request), jobIdOf(request.params.job_id));
      return reply.code(204).send();
    },
  );
};

export const cancelJob: CharmEndpoint = (scope, { operations }) => {
  scope.post(
    "/charm/v1/jobs/:job_id/cancel",
    {
      config: { scopes: ["agents:execute"] },
      schema: {
        ...documented({
          operationId: "cancel_job_v1_jobs__job_id__cancel_post",
          tag: "Jobs",
          summary: "Cancel Job",
          description:
            "Cancels the run that is under way, too; the job stays, to be read. `success` is false for a job that has come to its end by itself.",
          status: 200,
          answer: jobSchema.extend({ success: z.boolean() }),
          errors: [404],
        }),
        params: jobPathSchema,
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      const caller = callerOf(request);
      const job = await operations.cancelJob(caller, jobIdOf(request.params.job_id));
      const [rendered] = await renderJobs(operations, caller, [job]);
      return sendJson(reply, 200, { success: job.status === "cancelled", ...rendered });
    },
  );
};

/** @throws RunyardError `job_not_found` */
function jobIdOf(text: string): Id {
  const id = readUuid(text);
  if (id === undefined) throw new RunyardError("job_not_found", "There is no such job.");
  return id;
}

/** @throws RunyardError `invalid_field_value` */
function readPolicy(text: string): MissedRunPolicy {
  const policy = missedRunPolicySchema.safeParse(text);
  if (policy.success) return policy.data;
  throw new RunyardError("invalid_field_value", "Input should be 'once' or 'skip'", { param: "missedRuns" });
}

/** The one field that this dialect calls otherwise than by our word in snake case. */
function nameTimezone(error: unknown): never {
  if (!(error instanceof RunyardError) || error.param !== "timeZone") throw error;
  throw new RunyardError(error.code, error.message, { param: "timezone", cause: error });
}
