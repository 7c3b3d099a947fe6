import type { FastifyReply } from "fastify";
import { versionLabel } from "../../../operations/version-label.ts";
import { principalOf } from "../../request-state.ts";
import { sendJson } from "../../send-json.ts";
import { type CharmEndpoint, documented } from "./endpoint.ts";
import { requireId } from "./ids.ts";
import { agentPathSchema, versionsSchema } from "./schemas/agent.ts";
import { renderTime } from "./time.ts";

export const listVersions: CharmEndpoint = (scope, { operations }) => {
  scope.get(
    "/charm/v1/versions/:agent_id",
    {
      config: { scopes: ["agents:read"] },
      schema: {
        ...documented({
          operationId: "get_versions_v1_versions__agent_id__get",
          tag: "Versions",
          summary: "Get Versions",
          description: "Newest first.",
          status: 200,
          answer: versionsSchema,
          errors: [404],
        }),
        params: agentPathSchema,
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      const caller = principalOf(request);
      const id = await requireId(operations, caller, "agent", request.params.agent_id);
      const { currentId, versions } = await operations.listVersions(caller, id);
      const current = versions.find((version) => version.id === currentId);
      const aliases = await operations.readAliases(caller, [id]);
      return sendJson(reply, 200, {
        agent_id: aliases.get(id) ?? id,
        current_version: current === undefined ? null : versionLabel(current),
        versions: versions.map((version) => ({
          version: versionLabel(version),
          created_at: renderTime(version.createdAt),
          is_current: version.id === currentId,
        })),
      });
    },
  );
};
