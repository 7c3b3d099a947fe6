import type { FastifyReply } from "fastify";
import { z } from "zod";
import type { JsonObject } from "../../../contract/json.ts";
import type { Scope } from "../../../contract/organization.ts";
import type { AnalysedAgent, Caller, Operations } from "../../../operations/operations.ts";
import { principalOf } from "../../request-state.ts";
import { sendJson } from "../../send-json.ts";
import { type CharmEndpoint, documented } from "./endpoint.ts";
import { readPeriod } from "./period.ts";
import {
  renderDistribution,
  renderErrors,
  renderInstallsByDay,
  renderRunsByDay,
  renderStats,
  renderUsageEntry,
} from "./render-analytics.ts";
import { limitQuery, offsetQuery, text, textQuery } from "./schemas/framework.ts";

/** Who asks for the figures of an agent: its owner, or whoever runs the installation. */
export interface Audience {
  /** In front of the agent's id. */
  path: string;
  scope: Scope;
  tag: "Studio" | "Admin";
  /** @throws RunyardError `agent_not_found` */
  find(operations: Operations, caller: Caller, text: string): Promise<Found>;
}

interface Found {
  agent: AnalysedAgent;
  /** As its callers name it. */
  agentId: string;
}

/** A route that tells something of one agent. */
function figure<Q extends z.ZodObject>(
  path: string,
  words: { name: string; summary: string; description: string },
  query: Q,
  make: (asked: Found & { operations: Operations; caller: Caller }, query: z.output<Q>) => Promise<JsonObject>,
): (audience: Audience) => CharmEndpoint {
  return (audience) =>
    (scope, { operations }) => {
      const pathName = `${audience.path.slice("/charm/".length).replaceAll("/", "_")}__agent_id__${path.replaceAll("-", "_")}`;
      scope.get(
        `${audience.path}/:agent_id/${path}`,
        {
          config: { scopes: [audience.scope] },
          schema: {
            ...documented({
              operationId: `${words.name}_${pathName}_get`,
              tag: audience.tag,
              summary: words.summary,
              description: words.description,
              status: 200,
              errors: [404],
            }),
            params: z.object({ agent_id: text }),
            querystring: query,
          },
        },
        async (request, reply): Promise<FastifyReply> => {
          const caller = principalOf(request);
          const found = await audience.find(operations, caller, request.params.agent_id);
          // Checked already; types do not follow a schema that is a parameter.
          const asked = query.parse(request.query);
          return sendJson(reply, 200, await make({ operations, caller, ...found }, asked));
        },
      );
    };
}

const nothing = z.object({});
const periodQuery = z.object({
  period: textQuery.default("7d").describe("`24h`, `7d`, `4w`, `3m`, `1y` or `all`; anything else is the default."),
});

export const agentStats = figure(
  "stats",
  {
    name: "get_agent_stats",
    summary: "Get Agent Stats",
    description: "Over all runs that are kept. Rates are from 0 to 1, null when no run has ended.",
  },
  nothing,
  async ({ operations, caller, agent, agentId }) => renderStats(agentId, await operations.getAgentStats(caller, agent)),
);

export const agentRuns = figure(
  "runs",
  { name: "get_agent_runs", summary: "Get Agent Runs", description: "Runs by day, in UTC." },
  periodQuery,
  async ({ operations, caller, agent, agentId }, query) => {
    const period = readPeriod(query.period);
    return renderRunsByDay(agentId, period, await operations.countAgentRuns(caller, agent, period));
  },
);

export const agentInstalls = figure(
  "installs",
  {
    name: "get_agent_installs",
    summary: "Get Agent Installs",
    description:
      "Installs by day, in UTC: an install is the first time that a user runs the agent or subscribes to it.",
  },
  periodQuery,
  async ({ operations, caller, agent, agentId }, query) => {
    const period = readPeriod(query.period);
    return renderInstallsByDay(agentId, period, await operations.countAgentInstalls(caller, agent, period));
  },
);

export const agentErrors = figure(
  "errors",
  {
    name: "get_agent_errors",
    summary: "Get Agent Errors",
    description: "Failed runs by code and message, the most frequent first, at most 100 groups.",
  },
  nothing,
  async ({ operations, caller, agent, agentId }) =>
    renderErrors(agentId, await operations.breakDownAgentErrors(caller, agent)),
);

export const agentUsageLog = figure(
  "usage-log",
  { name: "get_agent_usage_log", summary: "Get Agent Usage Log", description: "What each run used, newest first." },
  z.object({ limit: limitQuery(20), offset: offsetQuery() }),
  async ({ operations, caller, agent, agentId }, page) => {
    const { items, total } = await operations.listAgentUsage(caller, agent, page);
    const ids = items.flatMap(({ executionId, conversationId }) => [executionId, conversationId ?? executionId]);
    const aliases = await operations.readAliases(caller, ids);
    const usage = items.map((entry) => renderUsageEntry(entry, aliases));
    return { agent_id: agentId, usage, total, ...page };
  },
);

export const agentTokenDistribution = figure(
  "token-distribution",
  {
    name: "get_token_distribution",
    summary: "Get Token Distribution",
    description: "Tokens, in and out, of each run that has ended.",
  },
  nothing,
  async ({ operations, caller, agent, agentId }) =>
    renderDistribution(agentId, "tokens", await operations.getTokenDistribution(caller, agent)),
);

export const agentLatencyDistribution = figure(
  "latency-distribution",
  {
    name: "get_latency_distribution",
    summary: "Get Latency Distribution",
    description: "Milliseconds from acceptance to end, of each run that has ended.",
  },
  nothing,
  async ({ operations, caller, agent, agentId }) =>
    renderDistribution(agentId, "ms", await operations.getLatencyDistribution(caller, agent)),
);

export const agentSessionDepth = figure(
  "session-depth",
  { name: "get_session_depth", summary: "Get Session Depth", description: "Runs of each thread." },
  nothing,
  async ({ operations, caller, agent, agentId }) =>
    renderDistribution(agentId, "runs", await operations.getSessionDepth(caller, agent)),
);
