import type { Agent } from "../../../contract/agent.ts";
import { callerOf } from "../../idempotency.ts";
import { sendJson } from "../../send-json.ts";
import { defineCodeAgent } from "./code-definition.ts";
import { defineAgent } from "./definition.ts";
import { documented, type Endpoint } from "./endpoint.ts";
import { refuseUnusableSchemas } from "./json-schema-check.ts";
import { readBundle } from "./read-bundle.ts";
import { renderAgent } from "./render-agent.ts";
import { agentSchema, createAgentSchema } from "./schemas/agent.ts";

export const createAgent: Endpoint = (scope, { operations, templates }) => {
  scope.post(
    "/v1/agents",
    {
      config: { scopes: ["agents:write"] },
      schema: {
        ...documented({
          operationId: "createAgent",
          tag: "Agents",
          summary: "Create an agent",
          answers: { 201: { description: "The agent, with its first version", schema: agentSchema } },
          errors: [400, 404, 422],
        }),
        body: createAgentSchema,
      },
    },
    async (request, reply) => {
      const caller = callerOf(request, answer);
      const definition =
        request.body.runtime === "code"
          ? defineCodeAgent(request.body, await readBundle(operations, caller, request.body.bundle))
          : defineAgent(request.body, templates);
      await refuseUnusableSchemas(definition);
      const { status, body } = answer(await operations.createAgent(caller, definition));
      return sendJson(reply, status, body);
    },
  );
};

function answer(agent: Agent) {
  return { status: 201, body: renderAgent(agent) };
}
