import { callerOf } from "../../idempotency.ts";
import { sendJson } from "../../send-json.ts";
import { documented, type Endpoint } from "./endpoint.ts";
import { idOf } from "./ids.ts";
import { renderAgent } from "./render-agent.ts";
import { agentSchema } from "./schemas/agent.ts";
import { idParamsSchema } from "./schemas/text.ts";

export const getAgent: Endpoint = (scope, { operations }) => {
  scope.get(
    "/v1/agents/:id",
    {
      config: { scopes: ["agents:read"] },
      schema: {
        ...documented({
          operationId: "getAgent",
          tag: "Agents",
          summary: "Retrieve an agent",
          answers: { 200: { description: "The agent", schema: agentSchema } },
          errors: [404],
        }),
        params: idParamsSchema,
      },
    },
    async (request, reply) => {
      const agent = await operations.getAgent(callerOf(request), idOf("agent", request.params.id));
      return sendJson(reply, 200, renderAgent(agent));
    },
  );
};
