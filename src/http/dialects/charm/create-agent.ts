import type { FastifyReply, FastifyRequest } from "fastify";
import { principalOf } from "../../request-state.ts";
import { sendJson } from "../../send-json.ts";
import { defineCreated } from "./define-agent.ts";
import { type CharmEndpoint, type CharmParts, documented } from "./endpoint.ts";
import { parseBody } from "./framework-errors.ts";
import { isPush, pushAgent } from "./push-agent.ts";
import { renderAgents } from "./render-agent.ts";
import { agentCreateSchema, agentSchema } from "./schemas/agent.ts";

export const createAgent: CharmEndpoint = (scope, parts) => {
  scope.post(
    "/charm/v1/agents",
    {
      config: { scopes: ["agents:write"] },
      schema: {
        ...documented({
          operationId: "create_agent_v1_agents_post",
          tag: "Agents",
          summary: "Create Agent",
          description: "Create a new agent",
          status: 201,
          answer: agentSchema,
          errors: [409],
        }),
        // Checked by the handler: the command line registers what it pushes under this path as well.
        body: agentCreateSchema,
      },
      validatorCompiler: () => () => true,
    },
    (request, reply): Promise<FastifyReply> => acceptAgent(parts, request, reply),
  );
};

/** One path for two bodies: a new agent, or the registration of a bundle that was pushed. */
export async function acceptAgent(
  parts: CharmParts,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  if (isPush(request)) return pushAgent(parts, request, reply);
  const body = parseBody(agentCreateSchema, request.body);
  const caller = principalOf(request);
  const alias = body.id ?? undefined;
  const agent = await parts.operations.createAgent(caller, defineCreated(body), alias === undefined ? {} : { alias });
  const [rendered] = await renderAgents(parts.operations, caller, [agent]);
  return sendJson(reply, 201, rendered);
}
