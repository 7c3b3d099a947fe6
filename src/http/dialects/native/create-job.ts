import type { Job } from "../../../contract/job.ts";
import { callerOf } from "../../idempotency.ts";
import { sendJson } from "../../send-json.ts";
import { documented, type Endpoint } from "./endpoint.ts";
import { idOf } from "./ids.ts";
import { renderJob } from "./render-job.ts";
import { createJobSchema, jobSchema } from "./schemas/job.ts";

export const createJob: Endpoint = (scope, { operations }) => {
  scope.post(
    "/v1/jobs",
    {
      config: { scopes: ["agents:execute"] },
      schema: {
        ...documented({
          operationId: "createJob",
          tag: "Jobs",
          summary: "Create a job",
          description:
            "Runs the agent's current version in the background: once at once, or at each time of a schedule. Runs of one job never overlap; one whose time comes while the one before goes on is left out.",
          answers: { 201: { description: "The job; its first run may have begun", schema: jobSchema } },
          errors: [400, 404],
        }),
        body: createJobSchema,
      },
    },
    async (request, reply) => {
      const { agentId, input, schedule, timeZone, missedRuns, name, userId } = request.body;
      const job = await operations.createJob(callerOf(request, answer), {
        agentId: idOf("agent", agentId, "agentId"),
        input,
        timeZone,
        missedRuns,
        ...(schedule !== undefined && { schedule }),
        ...(name !== undefined && { name }),
        ...(userId !== undefined && { userId }),
      });
      return sendJson(reply, 201, answer(job).body);
    },
  );
};

function answer(job: Job) {
  return { status: 201, body: renderJob(job) };
}
