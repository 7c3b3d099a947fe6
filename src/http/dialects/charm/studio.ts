import type { FastifyReply } from "fastify";
import { z } from "zod";
import { principalOf } from "../../request-state.ts";
import { sendJson } from "../../send-json.ts";
import {
  agentErrors,
  agentInstalls,
  agentLatencyDistribution,
  agentRuns,
  agentSessionDepth,
  agentStats,
  agentTokenDistribution,
  agentUsageLog,
  type Audience,
} from "./agent-figures.ts";
import { type CharmEndpoint, documented } from "./endpoint.ts";
import { requireId } from "./ids.ts";
import { renderAgents } from "./render-agent.ts";
import { limitQuery, offsetQuery, textQuery } from "./schemas/framework.ts";

export const listStudioAgents: CharmEndpoint = (scope, { operations }) => {
  scope.get(
    "/charm/v1/studio/agents",
    {
      config: { scopes: ["analytics:read"] },
      schema: {
        ...documented({
          operationId: "list_studio_agents_v1_studio_agents_get",
          tag: "Studio",
          summary: "List Studio Agents",
          description: "Agents of the key's organization, newest first; `search` is a part of the name.",
          status: 200,
        }),
        querystring: z.object({ search: textQuery.nullish(), limit: limitQuery(50), offset: offsetQuery() }),
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      const caller = principalOf(request);
      const { search, limit, offset } = request.query;
      const filter = search == null || search === "" ? {} : { name: search };
      const { items, total } = await operations.searchAgents(caller, filter, { limit, offset });
      return sendJson(reply, 200, { agents: await renderAgents(operations, caller, items), total });
    },
  );
};

/** The owner of an agent. */
const owner: Audience = {
  path: "/charm/v1/studio/agents",
  scope: "analytics:read",
  tag: "Studio",
  async find(operations, caller, text) {
    const id = await requireId(operations, caller, "agent", text);
    const aliases = await operations.readAliases(caller, [id]);
    return { agent: { id }, agentId: aliases.get(id) ?? id };
  },
};

export const studioFigures: readonly CharmEndpoint[] = [
  agentStats(owner),
  agentRuns(owner),
  agentInstalls(owner),
  agentErrors(owner),
  agentUsageLog(owner),
  agentTokenDistribution(owner),
  agentLatencyDistribution(owner),
  agentSessionDepth(owner),
];
