import { callerOf } from "../../idempotency.ts";
import { sendJson } from "../../send-json.ts";
import { redefineAgent } from "./definition.ts";
import { documented, type Endpoint } from "./endpoint.ts";
import { idOf } from "./ids.ts";
import { refuseUnusableSchemas } from "./json-schema-check.ts";
import { readBundle } from "./read-bundle.ts";
import { renderAgent } from "./render-agent.ts";
import { agentSchema, updateAgentSchema } from "./schemas/agent.ts";
import { idParamsSchema } from "./schemas/text.ts";

export const updateAgent: Endpoint = (scope, { operations, templates }) => {
  scope.patch(
    "/v1/agents/:id",
    {
      config: { scopes: ["agents:write"] },
      schema: {
        ...documented({
          operationId: "updateAgent",
          tag: "Agents",
          summary: "Change an agent",
          description:
            "Only the fields sent change. A changed definition becomes a new version; executions keep the version they were accepted with.",
          answers: { 200: { description: "The agent as it is now", schema: agentSchema } },
          errors: [400, 404, 409, 422],
        }),
        params: idParamsSchema,
        body: updateAgentSchema,
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const agentId = idOf("agent", request.params.id);
      const { status, ...change } = request.body;
      const bundle = change.bundle === undefined ? undefined : await readBundle(operations, caller, change.bundle);
      if (change.tools !== undefined || change.outputSchema !== undefined || change.inputSchema !== undefined) {
        // The schemas are those of the request whatever the agent is now, so they can be checked before it is touched.
        const { currentVersion } = await operations.getAgent(caller, agentId);
        await refuseUnusableSchemas(redefineAgent(currentVersion.definition, change, templates, bundle));
      }
      const agent = await operations.updateAgent(caller, agentId, {
        ...(status !== undefined && { status }),
        ...(Object.keys(change).length > 0 && {
          define: (current) => redefineAgent(current, change, templates, bundle),
        }),
      });
      return sendJson(reply, 200, renderAgent(agent));
    },
  );
};
