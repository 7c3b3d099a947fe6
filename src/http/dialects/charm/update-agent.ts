import type { FastifyReply } from "fastify";
import { principalOf } from "../../request-state.ts";
import { sendJson } from "../../send-json.ts";
import { redefine } from "./define-agent.ts";
import { type CharmEndpoint, documented } from "./endpoint.ts";
import { requireId } from "./ids.ts";
import { renderAgents } from "./render-agent.ts";
import { agentPathSchema, agentSchema, agentUpdateSchema } from "./schemas/agent.ts";

export const updateAgent: CharmEndpoint = (scope, { operations }) => {
  scope.patch(
    "/charm/v1/agents/:agent_id",
    {
      config: { scopes: ["agents:write"] },
      schema: {
        ...documented({
          operationId: "update_agent_v1_agents__agent_id__patch",
          tag: "Agents",
          summary: "Update Agent",
          description: "What is absent or null stays as it is.",
          status: 200,
          answer: agentSchema,
          errors: [404, 409],
        }),
        params: agentPathSchema,
        body: agentUpdateSchema,
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      const caller = principalOf(request);
      const id = await requireId(operations, caller, "agent", request.params.agent_id);
      const { is_active: isActive } = request.body;
      const agent = await operations.updateAgent(caller, id, {
        define: (current) => redefine(current, request.body),
        ...(typeof isActive === "boolean" && { status: isActive ? "active" : "paused" }),
      });
      const [rendered] = await renderAgents(operations, caller, [agent]);
      return sendJson(reply, 200, rendered);
    },
  );
};
