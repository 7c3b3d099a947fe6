import type { FastifyReply } from "fastify";
import { acceptAgent } from "./create-agent.ts";
import { type CharmEndpoint, documented } from "./endpoint.ts";
import { publishedSchema, pushSchema } from "./schemas/push.ts";

export const registerAgent: CharmEndpoint = (scope, parts) => {
  scope.post(
    "/charm/api/v1/agents",
    {
      config: { scopes: ["agents:write"] },
      schema: {
        ...documented({
          operationId: "register_agent_api_v1_agents_post",
          tag: "Store",
          summary: "Register Agent",
          description:
            "Registers a bundle that was uploaded. 201 when the version is new, 200 when the very same was registered before. Also taken: a form with the parts `file` and `metadata`, `{uac, repo}` without a bundle, and the body of Create Agent.",
          status: 201,
          answer: publishedSchema,
          errors: [409, 413],
        }),
        // Checked by the handler, which tells the forms apart.
        body: pushSchema,
      },
      validatorCompiler: () => () => true,
    },
    (request, reply): Promise<FastifyReply> => acceptAgent(parts, request, reply),
  );
};
