import type { FastifyReply } from "fastify";
import { principalOf } from "../../request-state.ts";
import { sendJson } from "../../send-json.ts";
import { type CharmEndpoint, documented } from "./endpoint.ts";
import { requireId } from "./ids.ts";
import { renderRuns } from "./render-run.ts";
import { changedRunSchema, progressRequestSchema, runPathSchema } from "./schemas/run.ts";

export const noteProgress: CharmEndpoint = (scope, { operations }) => {
  scope.post(
    "/charm/v1/runs/:run_id/progress",
    {
      config: { scopes: ["agents:execute"] },
      schema: {
        ...documented({
          operationId: "update_progress_v1_runs__run_id__progress_post",
          tag: "Runs",
          summary: "Update Progress",
          description: "Shows how far the run is, in the run itself and as a `status` in its stream.",
          status: 200,
          answer: changedRunSchema,
          errors: [404, 409],
        }),
        params: runPathSchema,
        body: progressRequestSchema,
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      const caller = principalOf(request);
      const id = await requireId(operations, caller, "execution", request.params.run_id);
      const { current_status: text } = request.body;
      if (text !== undefined && text !== null) await operations.noteProgress(caller, id, text);
      const [run] = await renderRuns(operations, caller, [await operations.getExecution(caller, id)]);
      return sendJson(reply, 200, { ...run, success: true });
    },
  );
};
