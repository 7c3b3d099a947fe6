import type { FastifyReply } from "fastify";
import { z } from "zod";
import { RunyardError } from "../../../contract/errors.ts";
import { principalOf } from "../../request-state.ts";
import { sendJson } from "../../send-json.ts";
import { type CharmEndpoint, documented } from "./endpoint.ts";
import { requireId } from "./ids.ts";
import { renderRuns } from "./render-run.ts";
import { limitQuery, text } from "./schemas/framework.ts";
import { runSchema } from "./schemas/run.ts";

export const listThreadRuns: CharmEndpoint = (scope, { operations }) => {
  scope.get(
    "/charm/v1/threads/:thread_id/runs",
    {
      config: { scopes: ["agents:read", "agents:execute"] },
      schema: {
        ...documented({
          operationId: "get_thread_runs_v1_threads__thread_id__runs_get",
          tag: "Threads",
          summary: "Get Thread Runs",
          description: "Newest first.",
          status: 200,
          answer: z.object({ thread_id: z.string(), runs: z.array(runSchema) }),
          errors: [404],
        }),
        params: z.object({ thread_id: text }),
        querystring: z.object({ limit: limitQuery(20) }),
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      const caller = principalOf(request);
      const { thread_id: threadId } = request.params;
      const conversationId = await requireId(operations, caller, "conversation", threadId);
      const { items } = await operations.listExecutions(caller, { conversationId }, { limit: request.query.limit });
      // A thread begins with its first run, so one without any is none.
      if (items.length === 0) throw new RunyardError("conversation_not_found", `There is no thread ${threadId}.`);
      return sendJson(reply, 200, { thread_id: threadId, runs: await renderRuns(operations, caller, items) });
    },
  );
};
