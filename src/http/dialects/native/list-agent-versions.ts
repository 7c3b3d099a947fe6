import { callerOf } from "../../idempotency.ts";
import { sendJson } from "../../send-json.ts";
import { documented, type Endpoint } from "./endpoint.ts";
import { idOf } from "./ids.ts";
import { readPage, renderPage } from "./page.ts";
import { renderAgentVersion } from "./render-agent.ts";
import { agentVersionSchema } from "./schemas/agent.ts";
import { pageQuerySchema, pageSchema } from "./schemas/page.ts";
import { idParamsSchema } from "./schemas/text.ts";

export const listAgentVersions: Endpoint = (scope, { operations }) => {
  scope.get(
    "/v1/agents/:id/versions",
    {
      config: { scopes: ["agents:read"] },
      schema: {
        ...documented({
          operationId: "listAgentVersions",
          tag: "Agents",
          summary: "List an agent's versions",
          answers: { 200: { description: "A page of versions", schema: pageSchema(agentVersionSchema) } },
          errors: [400, 404],
        }),
        params: idParamsSchema,
        querystring: pageQuerySchema,
      },
    },
    async (request, reply) => {
      const page = readPage("agentVersion", request.query);
      const versions = await operations.listAgentVersions(callerOf(request), idOf("agent", request.params.id), page);
      return sendJson(reply, 200, renderPage("agentVersion", page, versions, renderAgentVersion));
    },
  );
};
