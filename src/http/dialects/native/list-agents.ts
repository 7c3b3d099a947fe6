import { z } from "zod";
import { callerOf } from "../../idempotency.ts";
import { sendJson } from "../../send-json.ts";
import { documented, type Endpoint } from "./endpoint.ts";
import { readPage, renderPage } from "./page.ts";
import { renderAgent } from "./render-agent.ts";
import { agentSchema, agentStatusSchema } from "./schemas/agent.ts";
import { pageQuery, pageSchema } from "./schemas/page.ts";

export const listAgents: Endpoint = (scope, { operations }) => {
  scope.get(
    "/v1/agents",
    {
      config: { scopes: ["agents:read"] },
      schema: {
        ...documented({
          operationId: "listAgents",
          tag: "Agents",
          summary: "List agents",
          answers: { 200: { description: "A page of agents", schema: pageSchema(agentSchema) } },
          errors: [400],
        }),
        querystring: z.object({
          status: agentStatusSchema.optional(),
          name: z.string().min(1).max(100).optional().describe("Part of the name, in upper or lower case."),
          ...pageQuery,
        }),
      },
    },
    async (request, reply) => {
      const page = readPage("agent", request.query);
      const { status, name } = request.query;
      const filter = { ...(status !== undefined && { status }), ...(name !== undefined && { name }) };
      const agents = await operations.listAgents(callerOf(request), filter, page);
      return sendJson(reply, 200, renderPage("agent", page, agents, renderAgent));
    },
  );
};
