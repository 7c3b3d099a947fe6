import type { FastifyReply } from "fastify";
import { z } from "zod";
import { RunyardError } from "../../../contract/errors.ts";
import type { Id } from "../../../contract/ids.ts";
import type { JsonObject } from "../../../contract/json.ts";
import type { Caller, Operations } from "../../../operations/operations.ts";
import { callerOf } from "../../idempotency.ts";
import { sendJson } from "../../send-json.ts";
import { type CharmEndpoint, documented } from "./endpoint.ts";
import { requireId } from "./ids.ts";
import { notCreated, renderDaemon, renderRefusal, renderUnavailable, spellAgent } from "./render-daemon.ts";
import { agentPathSchema } from "./schemas/agent.ts";
import { limitQuery, offsetQuery, text, textQuery } from "./schemas/framework.ts";
import { userIdOf } from "./user-id.ts";

const userQuerySchema = z.object({
  user_id: textQuery.nullish().describe("Whose daemon; `me` is the key's own user. Default: that of runs for nobody."),
});

export const getDaemonStatus: CharmEndpoint = (scope, { operations }) => {
  scope.get(
    "/charm/v1/daemon/:agent_id/status",
    {
      config: { scopes: ["agents:read"] },
      schema: {
        ...documented({
          operationId: "get_daemon_status_v1_daemon__agent_id__status_get",
          tag: "Daemons",
          summary: "Get Daemon Status",
          status: 200,
          errors: [404],
        }),
        params: agentPathSchema,
        querystring: userQuerySchema,
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      const caller = callerOf(request);
      const agentId = await requireId(operations, caller, "agent", request.params.agent_id);
      return sendJson(reply, 200, await statusOf(operations, caller, agentId, request.query.user_id));
    },
  );
};

export const startDaemon: CharmEndpoint = (scope, { operations }) => {
  scope.post(
    "/charm/v1/daemon/:agent_id/start",
    {
      config: { scopes: ["agents:execute"] },
      schema: {
        ...documented({
          operationId: "start_daemon_v1_daemon__agent_id__start_post",
          tag: "Daemons",
          summary: "Start Daemon",
          description: "Makes the daemon when there is none, and keeps it running from then on.",
          status: 200,
          errors: [404],
        }),
        params: agentPathSchema,
        querystring: userQuerySchema,
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      const caller = callerOf(request);
      const agentId = await requireId(operations, caller, "agent", request.params.agent_id);
      return sendJson(reply, 200, await control(operations, caller, agentId, request.query.user_id, "start"));
    },
  );
};

export const stopDaemon: CharmEndpoint = (scope, { operations }) => {
  scope.post(
    "/charm/v1/daemon/:agent_id/stop",
    {
      config: { scopes: ["agents:execute"] },
      schema: {
        ...documented({
          operationId: "stop_daemon_v1_daemon__agent_id__stop_post",
          tag: "Daemons",
          summary: "Stop Daemon",
          description: "The same as the action `pause`. The volume stays.",
          status: 200,
          errors: [404],
        }),
        params: agentPathSchema,
        querystring: userQuerySchema,
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      const caller = callerOf(request);
      const agentId = await requireId(operations, caller, "agent", request.params.agent_id);
      return sendJson(reply, 200, await control(operations, caller, agentId, request.query.user_id, "pause"));
    },
  );
};

export const controlDaemon: CharmEndpoint = (scope, { operations }) => {
  scope.post(
    "/charm/v1/daemon/:agent_id/control",
    {
      config: { scopes: ["agents:execute"] },
      schema: {
        ...documented({
          operationId: "control_daemon_v1_daemon__agent_id__control_post",
          tag: "Daemons",
          summary: "Control Daemon",
          description:
            "`action`, in the body or the query: `pause`, `restart`, or `terminate`, which removes a daemon that is stopped and its volume.",
          status: 200,
          errors: [404],
        }),
        params: agentPathSchema,
        querystring: userQuerySchema.extend({ action: textQuery.nullish() }),
        body: z
          .object({ agent_id: text, action: text.nullish(), user_id: text.nullish() })
          .meta({ id: "DaemonControl" }),
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      const caller = callerOf(request);
      const { body, query } = request;
      const agentId = await requireId(operations, caller, "agent", request.params.agent_id);
      if ((await requireId(operations, caller, "agent", body.agent_id)) !== agentId) {
        return sendJson(reply, 200, { success: false, error: "The path and the body name different agents." });
      }
      const action = body.action ?? query.action;
      return sendJson(reply, 200, await control(operations, caller, agentId, body.user_id ?? query.user_id, action));
    },
  );
};

export const listDaemons: CharmEndpoint = (scope, { operations }) => {
  scope.get(
    "/charm/v1/daemons",
    {
      config: { scopes: ["agents:read"] },
      schema: {
        ...documented({
          operationId: "list_daemons_v1_daemons_get",
          tag: "Daemons",
          summary: "List Daemons",
          description: "Newest first.",
          status: 200,
          answer: z.array(z.looseObject({})),
        }),
        querystring: z.object({ limit: limitQuery(100), offset: offsetQuery() }),
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      const caller = callerOf(request);
      const { items } = await operations.listDaemons(caller, request.query);
      const aliases = await operations.readAliases(
        caller,
        items.map(({ agentId }) => agentId),
      );
      const rendered = items.map((daemon) => renderDaemon(daemon, spellAgent(daemon.agentId, aliases)));
      return sendJson(reply, 200, rendered);
    },
  );
};

export const createDaemon: CharmEndpoint = (scope, { operations }) => {
  scope.post(
    "/charm/v1/daemons",
    {
      config: { scopes: ["agents:execute"] },
      schema: {
        ...documented({
          operationId: "create_daemon_v1_daemons_post",
          tag: "Daemons",
          summary: "Create Daemon",
          description: "One that is there already is started when it is not running.",
          status: 201,
          errors: [404],
        }),
        querystring: userQuerySchema.extend({ agent_id: textQuery }),
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      const caller = callerOf(request);
      const { agent_id: agent, user_id: user } = request.query;
      const agentId = await requireId(operations, caller, "agent", agent);
      const answer = await control(operations, caller, agentId, user, "start");
      return sendJson(reply, answer["exists"] === true ? 201 : 200, answer);
    },
  );
};

/** In the past tense, as they are answered. */
const doneAs = { start: "started", pause: "paused", restart: "restarted", terminate: "terminated" } as const;

/** Does what is asked for and answers with how it went, and with what the daemon is now. */
async function control(
  operations: Operations,
  caller: Caller,
  agentId: Id,
  user: string | null | undefined,
  action: string | null | undefined,
): Promise<JsonObject> {
  const whose = user == null ? {} : { userId: userIdOf(caller, user) };
  try {
    switch (action) {
      case "start":
        await operations.startDaemon(caller, agentId, whose);
        break;
      case "pause":
        await operations.stopDaemon(caller, agentId, whose);
        break;
      case "restart":
        await operations.restartDaemon(caller, agentId, whose);
        break;
      case "terminate":
        await operations.terminateDaemon(caller, agentId, whose);
        return { success: true, action: doneAs[action] };
      default:
        return { success: false, error: describeAction(action) };
    }
    return { success: true, action: doneAs[action], ...(await statusOf(operations, caller, agentId, user)) };
  } catch (error) {
    const refusal = renderRefusal(error);
    return { ...(await statusOf(operations, caller, agentId, user)), ...refusal };
  }
}

function describeAction(action: string | null | undefined): string {
  const known = "Known actions: pause, restart, terminate.";
  return action == null ? `No action was named. ${known}` : `Unknown action: ${action.slice(0, 60)}. ${known}`;
}

async function statusOf(
  operations: Operations,
  caller: Caller,
  agentId: Id,
  user: string | null | undefined,
): Promise<JsonObject> {
  try {
    const whose = user == null ? {} : { userId: userIdOf(caller, user) };
    const daemon = await operations.getDaemon(caller, agentId, whose);
    if (daemon === undefined) return notCreated;
    return renderDaemon(daemon, spellAgent(agentId, await operations.readAliases(caller, [agentId])));
  } catch (error) {
    if (!(error instanceof RunyardError) || error.code !== "sandbox_unavailable") throw error;
    return renderUnavailable(error.message);
  }
}
