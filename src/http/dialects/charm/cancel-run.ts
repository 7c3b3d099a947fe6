import type { FastifyReply } from "fastify";
import { principalOf } from "../../request-state.ts";
import { sendJson } from "../../send-json.ts";
import { type CharmEndpoint, documented } from "./endpoint.ts";
import { requireId } from "./ids.ts";
import { renderRuns } from "./render-run.ts";
import { changedRunSchema, runPathSchema } from "./schemas/run.ts";

export const cancelRun: CharmEndpoint = (scope, { operations }) => {
  scope.post(
    "/charm/v1/runs/:run_id/cancel",
    {
      config: { scopes: ["agents:execute"] },
      schema: {
        ...documented({
          operationId: "cancel_run_v1_runs__run_id__cancel_post",
          tag: "Runs",
          summary: "Cancel Run",
          description: "Answers once the run has stopped. A run that was cancelled before answers the same again.",
          status: 200,
          answer: changedRunSchema,
          errors: [404, 409],
        }),
        params: runPathSchema,
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      const caller = principalOf(request);
      const id = await requireId(operations, caller, "execution", request.params.run_id);
      const [run] = await renderRuns(operations, caller, [await operations.cancelExecution(caller, id)]);
      return sendJson(reply, 200, { ...run, success: true });
    },
  );
};
