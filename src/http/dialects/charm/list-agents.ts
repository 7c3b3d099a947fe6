import type { FastifyReply } from "fastify";
import { z } from "zod";
import { principalOf } from "../../request-state.ts";
import { sendJson } from "../../send-json.ts";
import { type CharmEndpoint, documented } from "./endpoint.ts";
import { renderAgents } from "./render-agent.ts";
import { agentSchema } from "./schemas/agent.ts";
import { limitQuery, offsetQuery, textQuery } from "./schemas/framework.ts";

export const listAgents: CharmEndpoint = (scope, { operations }) => {
  scope.get(
    "/charm/v1/agents",
    {
      config: { scopes: ["agents:read"] },
      schema: {
        ...documented({
          operationId: "list_agents_v1_agents_get",
          tag: "Agents",
          summary: "List Agents",
          description: "Newest first.",
          status: 200,
          answer: z.array(agentSchema),
        }),
        querystring: z.object({ user_id: textQuery.nullish(), limit: limitQuery(20), offset: offsetQuery() }),
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      const caller = principalOf(request);
      const { user_id: owner, limit, offset } = request.query;
      const filter = owner === undefined || owner === null ? {} : { owner };
      const { items } = await operations.listAgents(caller, filter, { limit, offset });
      return sendJson(reply, 200, await renderAgents(operations, caller, items));
    },
  );
};
