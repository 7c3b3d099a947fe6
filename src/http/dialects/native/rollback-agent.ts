import { z } from "zod";
import type { Agent } from "../../../contract/agent.ts";
import { callerOf } from "../../idempotency.ts";
import { sendJson } from "../../send-json.ts";
import { documented, type Endpoint } from "./endpoint.ts";
import { idOf } from "./ids.ts";
import { renderAgent } from "./render-agent.ts";
import { agentSchema } from "./schemas/agent.ts";
import { idParamsSchema } from "./schemas/text.ts";

export const rollbackAgent: Endpoint = (scope, { operations }) => {
  scope.post(
    "/v1/agents/:id/rollback",
    {
      config: { scopes: ["agents:write"] },
      schema: {
        ...documented({
          operationId: "rollbackAgent",
          tag: "Agents",
          summary: "Go back to an earlier version",
          description: "Makes a new version with the definition of an earlier one; nothing is lost.",
          answers: { 200: { description: "The agent as it is now", schema: agentSchema } },
          errors: [400, 404, 409],
        }),
        params: idParamsSchema,
        body: z
          .object({ version: z.int().min(1).optional().describe("Default: the one before the current.") })
          .optional(),
      },
    },
    async (request, reply) => {
      const agentId = idOf("agent", request.params.id);
      const agent = await operations.rollbackAgent(callerOf(request, answer), agentId, request.body?.version);
      return sendJson(reply, 200, answer(agent).body);
    },
  );
};

function answer(agent: Agent) {
  return { status: 200, body: renderAgent(agent) };
}
