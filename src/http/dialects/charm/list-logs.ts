import type { FastifyReply } from "fastify";
import { z } from "zod";
import { principalOf } from "../../request-state.ts";
import { sendJson } from "../../send-json.ts";
import { documented } from "./endpoint.ts";
import { requireId } from "./ids.ts";
import { renderRuns } from "./render-run.ts";
import { limitQuery, textQuery } from "./schemas/framework.ts";
import { logsSchema } from "./schemas/push.ts";
import { storeBase, type StoreEndpoint } from "./store-endpoint.ts";

export const listLogs: StoreEndpoint = (scope, { operations }, base) => {
  scope.get(
    `${base}/agents/logs`,
    {
      config: { scopes: ["agents:read"] },
      schema: {
        ...documented({
          operationId: "get_logs_api_v1_agents_logs_get",
          tag: "Store",
          hide: base !== storeBase,
          summary: "Get Logs",
          description: "The agent's runs, newest first.",
          status: 200,
          answer: logsSchema,
          errors: [404],
        }),
        querystring: z.object({ agent_id: textQuery, limit: limitQuery(50) }),
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      const caller = principalOf(request);
      const { agent_id, limit } = request.query;
      const agentId = await requireId(operations, caller, "agent", agent_id);
      await operations.getAgent(caller, agentId);
      const { items } = await operations.listExecutions(caller, { agentId }, { limit });
      const runs = await renderRuns(operations, caller, items);
      return sendJson(reply, 200, {
        logs: runs.map(({ created_at, status, input_payload, error_message }) => ({
          created_at,
          status,
          input_payload,
          error_message: error_message === null ? null : withoutClosingTags(error_message),
        })),
      });
    },
  );
};

/** The command line prints the text as rich markup, where a closing tag without its opening one breaks the table. */
function withoutClosingTags(text: string): string {
  return text.replaceAll("[/", "[ /");
}
