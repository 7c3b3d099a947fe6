import { z } from "zod";
import { readId } from "../../../contract/ids.ts";
import { callerOf } from "../../idempotency.ts";
import { sendJson } from "../../send-json.ts";
import { documented, type Endpoint } from "./endpoint.ts";
import { readPage, renderPage } from "./page.ts";
import { renderJob } from "./render-job.ts";
import { jobSchema } from "./schemas/job.ts";
import { pageQuery, pageSchema } from "./schemas/page.ts";

export const listJobs: Endpoint = (scope, { operations }) => {
  scope.get(
    "/v1/jobs",
    {
      config: { scopes: ["agents:read"] },
      schema: {
        ...documented({
          operationId: "listJobs",
          tag: "Jobs",
          summary: "List jobs",
          answers: { 200: { description: "A page of jobs", schema: pageSchema(jobSchema) } },
          errors: [400],
        }),
        querystring: z.object({ agentId: z.string().optional(), ...pageQuery }),
      },
    },
    async (request, reply) => {
      const page = readPage("job", request.query);
      const { agentId } = request.query;
      const wanted = agentId === undefined ? undefined : readId("agent", agentId);
      // Nothing belongs to an id that is none, which is an empty list and no error.
      if (agentId !== undefined && wanted === undefined) return sendJson(reply, 200, { data: [], hasMore: false });
      const jobs = await operations.listJobs(callerOf(request), wanted === undefined ? {} : { agentId: wanted }, page);
      return sendJson(reply, 200, renderPage("job", page, jobs, renderJob));
    },
  );
};
