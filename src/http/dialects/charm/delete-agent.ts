import type { FastifyReply } from "fastify";
import { principalOf } from "../../request-state.ts";
import { type CharmEndpoint, documented } from "./endpoint.ts";
import { requireId } from "./ids.ts";
import { agentPathSchema } from "./schemas/agent.ts";

export const deleteAgent: CharmEndpoint = (scope, { operations }) => {
  scope.delete(
    "/charm/v1/agents/:agent_id",
    {
      config: { scopes: ["agents:write"] },
      schema: {
        ...documented({
          operationId: "delete_agent_v1_agents__agent_id__delete",
          tag: "Agents",
          summary: "Delete Agent",
          status: 204,
          errors: [404],
        }),
        params: agentPathSchema,
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      const caller = principalOf(request);
      await operations.deleteAgent(caller, await requireId(operations, caller, "agent", request.params.agent_id));
      return reply.code(204).send();
    },
  );
};
