import { spellId } from "../../../contract/ids.ts";
import { callerOf } from "../../idempotency.ts";
import { sendJson } from "../../send-json.ts";
import { documented, type Endpoint } from "./endpoint.ts";
import { idOf } from "./ids.ts";
import { deletedSchema } from "./schemas/page.ts";
import { idParamsSchema } from "./schemas/text.ts";

export const deleteAgent: Endpoint = (scope, { operations }) => {
  scope.delete(
    "/v1/agents/:id",
    {
      config: { scopes: ["agents:write"] },
      schema: {
        ...documented({
          operationId: "deleteAgent",
          tag: "Agents",
          summary: "Delete an agent",
          description: "Running executions go on; new ones are refused.",
          answers: { 200: { description: "Deleted", schema: deletedSchema("agent") } },
          errors: [404],
        }),
        params: idParamsSchema,
      },
    },
    async (request, reply) => {
      const agentId = idOf("agent", request.params.id);
      await operations.deleteAgent(callerOf(request), agentId);
      return sendJson(reply, 200, { id: spellId("agent", agentId), deleted: true });
    },
  );
};
