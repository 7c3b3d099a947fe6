import type { FastifyReply } from "fastify";
import { principalOf } from "../../request-state.ts";
import { sendJson } from "../../send-json.ts";
import { type CharmEndpoint, documented } from "./endpoint.ts";
import { requireId } from "./ids.ts";
import { renderRuns } from "./render-run.ts";
import { runPathSchema, runSchema } from "./schemas/run.ts";

export const getRun: CharmEndpoint = (scope, { operations }) => {
  scope.get(
    "/charm/v1/runs/:run_id",
    {
      config: { scopes: ["agents:read", "agents:execute"] },
      schema: {
        ...documented({
          operationId: "get_run_v1_runs__run_id__get",
          tag: "Runs",
          summary: "Get Run",
          description: "Status and result.",
          status: 200,
          answer: runSchema,
          errors: [404],
        }),
        params: runPathSchema,
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      const caller = principalOf(request);
      const id = await requireId(operations, caller, "execution", request.params.run_id);
      const [run] = await renderRuns(operations, caller, [await operations.getExecution(caller, id)]);
      return sendJson(reply, 200, run);
    },
  );
};
