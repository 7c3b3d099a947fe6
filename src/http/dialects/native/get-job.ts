import { callerOf } from "../../idempotency.ts";
import { sendJson } from "../../send-json.ts";
import { documented, type Endpoint } from "./endpoint.ts";
import { idOf } from "./ids.ts";
import { renderJob } from "./render-job.ts";
import { jobSchema } from "./schemas/job.ts";
import { idParamsSchema } from "./schemas/text.ts";

export const getJob: Endpoint = (scope, { operations }) => {
  scope.get(
    "/v1/jobs/:id",
    {
      config: { scopes: ["agents:read"] },
      schema: {
        ...documented({
          operationId: "getJob",
          tag: "Jobs",
          summary: "Get a job",
          answers: { 200: { description: "The job", schema: jobSchema } },
          errors: [404],
        }),
        params: idParamsSchema,
      },
    },
    async (request, reply) => {
      const job = await operations.getJob(callerOf(request), idOf("job", request.params.id));
      return sendJson(reply, 200, renderJob(job));
    },
  );
};
