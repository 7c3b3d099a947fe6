import type { FastifyReply } from "fastify";
import { z } from "zod";
import { RunyardError } from "../../../contract/errors.ts";
import { toUsd } from "../../money.ts";
import { principalOf } from "../../request-state.ts";
import { sendJson } from "../../send-json.ts";
import { agentErrors, agentInstalls, agentRuns, agentStats, type Audience } from "./agent-figures.ts";
import { type CharmEndpoint, documented } from "./endpoint.ts";
import { readPeriod, renderPeriod } from "./period.ts";
import { renderAgent } from "./render-agent.ts";
import { renderUser } from "./render-user.ts";
import { limitQuery, offsetQuery, textQuery } from "./schemas/framework.ts";

// Whoever runs the installation sees all organizations here; no key but the first can have the scope.

const pageQuery = z.object({ limit: limitQuery(100), offset: offsetQuery() });
const sinceQuery = { period: textQuery.default("all").describe("`24h`, `7d`, `4w`, `3m`, `1y` or `all`.") };

export const listAllUsers: CharmEndpoint = (scope, { operations }) => {
  scope.get(
    "/charm/v1/admin/users",
    {
      config: { scopes: ["admin"] },
      schema: {
        ...documented({
          operationId: "list_users_v1_admin_users_get",
          tag: "Admin",
          summary: "List Users",
          description: "Of all organizations, newest first.",
          status: 200,
          answer: z.array(z.looseObject({})),
        }),
        querystring: pageQuery,
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      const users = await operations.listAllUsers(principalOf(request), request.query);
      const rendered = users.map((user) => ({ ...renderUser(user), organization_id: user.organizationId }));
      return sendJson(reply, 200, rendered);
    },
  );
};

export const listUserCosts: CharmEndpoint = (scope, { operations }) => {
  scope.get(
    "/charm/v1/admin/users-costs",
    {
      config: { scopes: ["admin"] },
      schema: {
        ...documented({
          operationId: "get_users_costs_v1_admin_users_costs_get",
          tag: "Admin",
          summary: "Get Users Costs",
          description: "What runs cost by the user they ran for, the dearest first, of all organizations.",
          status: 200,
        }),
        querystring: pageQuery.extend(sinceQuery),
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      const { period: text, ...page } = request.query;
      const period = readPeriod(text, "all");
      const { items, totalNanoUsd } = await operations.listUserCosts(principalOf(request), period, page);
      const users = items.map(({ organizationId, userId, runs, tokens, costNanoUsd }) => ({
        user_id: userId,
        organization_id: organizationId,
        total_runs: runs,
        total_tokens: tokens,
        cost_usd: toUsd(costNanoUsd),
      }));
      return sendJson(reply, 200, { users, total_cost_usd: toUsd(totalNanoUsd), period: renderPeriod(period) });
    },
  );
};

export const getCosts: CharmEndpoint = (scope, { operations }) => {
  scope.get(
    "/charm/v1/admin/costs",
    {
      config: { scopes: ["admin"] },
      schema: {
        ...documented({
          operationId: "get_costs_v1_admin_costs_get",
          tag: "Admin",
          summary: "Get Costs",
          description: "What runs cost by organization and by model, the dearest first.",
          status: 200,
        }),
        querystring: z.object(sinceQuery),
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      const period = readPeriod(request.query.period, "all");
      const { organizations, models, totalNanoUsd } = await operations.getCosts(principalOf(request), period);
      return sendJson(reply, 200, {
        total_cost_usd: toUsd(totalNanoUsd),
        period: renderPeriod(period),
        organizations: organizations.map(({ organizationId, name, runs, tokens, costNanoUsd }) => ({
          organization_id: organizationId,
          name,
          total_runs: runs,
          total_tokens: tokens,
          cost_usd: toUsd(costNanoUsd),
        })),
        models: models.map(({ model, calls, tokens, costNanoUsd }) => ({
          model,
          calls,
          total_tokens: tokens,
          cost_usd: toUsd(costNanoUsd),
        })),
      });
    },
  );
};

export const listAllAgents: CharmEndpoint = (scope, { operations }) => {
  scope.get(
    "/charm/v1/admin/agents",
    {
      config: { scopes: ["admin"] },
      schema: {
        ...documented({
          operationId: "list_agents_v1_admin_agents_get",
          tag: "Admin",
          summary: "List Agents",
          description:
            "Of all organizations, newest first. Where organizations chose the same `id`, `uuid` tells them apart.",
          status: 200,
          answer: z.array(z.looseObject({})),
        }),
        querystring: pageQuery,
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      const agents = await operations.listAllAgents(principalOf(request), request.query);
      const rendered = agents.map((agent) => {
        const aliases = new Map(agent.alias === undefined ? [] : [[agent.id, agent.alias]]);
        return { ...renderAgent(agent, aliases), uuid: agent.id, organization_id: agent.organizationId };
      });
      return sendJson(reply, 200, rendered);
    },
  );
};

const operator: Audience = {
  path: "/charm/v1/admin/agents",
  scope: "admin",
  tag: "Admin",
  async find(operations, caller, text) {
    const found = await operations.findAgentAnywhere(caller, text);
    if (found === undefined) throw new RunyardError("agent_not_found", `There is no agent ${text}.`);
    return { agent: found, agentId: found.alias ?? found.id };
  },
};

export const adminFigures: readonly CharmEndpoint[] = [
  agentStats(operator),
  agentRuns(operator),
  agentInstalls(operator),
  agentErrors(operator),
];
