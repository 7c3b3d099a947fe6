import { callerOf } from "../../idempotency.ts";
import { sendJson } from "../../send-json.ts";
import { documented, type Endpoint } from "./endpoint.ts";
import { idOf } from "./ids.ts";
import { renderJob } from "./render-job.ts";
import { jobSchema, updateJobSchema } from "./schemas/job.ts";
import { idParamsSchema } from "./schemas/text.ts";

export const updateJob: Endpoint = (scope, { operations }) => {
  scope.patch(
    "/v1/jobs/:id",
    {
      config: { scopes: ["agents:execute"] },
      schema: {
        ...documented({
          operationId: "updateJob",
          tag: "Jobs",
          summary: "Pause a job, or let it go on",
          description: "Times that pass while it is paused are not made up for. A run that is under way goes on.",
          answers: { 200: { description: "The job as it is now", schema: jobSchema } },
          errors: [400, 404, 409],
        }),
        params: idParamsSchema,
        body: updateJobSchema,
      },
    },
    async (request, reply) => {
      const { status } = request.body;
      const change = status === undefined ? {} : { status };
      const job = await operations.updateJob(callerOf(request), idOf("job", request.params.id), change);
      return sendJson(reply, 200, renderJob(job));
    },
  );
};
