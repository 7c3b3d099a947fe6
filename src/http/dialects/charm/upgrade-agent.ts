import type { FastifyReply } from "fastify";
import { abortOnLeave } from "../../client-leave.ts";
import { principalOf } from "../../request-state.ts";
import { sendJson } from "../../send-json.ts";
import { type CharmEndpoint, documented } from "./endpoint.ts";
import { requireId } from "./ids.ts";
import { upgradeRequestSchema, upgradeSchema } from "./schemas/agent.ts";

export const upgradeAgent: CharmEndpoint = (scope, { operations, closing }) => {
  scope.post(
    "/charm/v1/upgrade",
    {
      config: { scopes: ["agents:write"] },
      schema: {
        ...documented({
          operationId: "upgrade_agent_v1_upgrade_post",
          tag: "Agents",
          summary: "Upgrade Agent",
          description:
            "Saves the workspace of the version that is current, then makes another version the current one. To the version that is current already nothing happens.",
          status: 200,
          answer: upgradeSchema,
          errors: [404, 409],
        }),
        body: upgradeRequestSchema,
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      const caller = principalOf(request);
      const id = await requireId(operations, caller, "agent", request.body.agent_id);
      const controller = new AbortController();
      abortOnLeave(reply.raw, controller);
      const signal = AbortSignal.any([controller.signal, closing]);
      const { from, to, executionId } = await operations.upgradeAgent(caller, id, request.body.version, signal);
      const aliases = await operations.readAliases(caller, [id]);
      return sendJson(reply, 200, {
        success: true,
        agent_id: aliases.get(id) ?? id,
        from_version: from,
        to_version: to,
        run_id: executionId ?? null,
      });
    },
  );
};
