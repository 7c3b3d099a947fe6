import type { FastifyReply } from "fastify";
import { principalOf } from "../../request-state.ts";
import { sendJson } from "../../send-json.ts";
import { type CharmEndpoint, documented } from "./endpoint.ts";
import { requireId } from "./ids.ts";
import { renderAgents } from "./render-agent.ts";
import { agentPathSchema, agentSchema } from "./schemas/agent.ts";

export const getAgent: CharmEndpoint = (scope, { operations }) => {
  scope.get(
    "/charm/v1/agents/:agent_id",
    {
      config: { scopes: ["agents:read"] },
      schema: {
        ...documented({
          operationId: "get_agent_v1_agents__agent_id__get",
          tag: "Agents",
          summary: "Get Agent",
          status: 200,
          answer: agentSchema,
          errors: [404],
        }),
        params: agentPathSchema,
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      const caller = principalOf(request);
      const id = await requireId(operations, caller, "agent", request.params.agent_id);
      const [rendered] = await renderAgents(operations, caller, [await operations.getAgent(caller, id)]);
      return sendJson(reply, 200, rendered);
    },
  );
};
