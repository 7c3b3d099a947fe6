import { z } from "zod";
import { callerOf } from "../../idempotency.ts";
import { sendJson } from "../../send-json.ts";
import { documented, type Endpoint } from "./endpoint.ts";
import { idOf } from "./ids.ts";
import { idParamsSchema } from "./schemas/text.ts";

export const getToolSecret: Endpoint = (scope, { operations }) => {
  scope.get(
    "/v1/agents/:id/tool-secret",
    {
      config: { scopes: ["agents:write"] },
      schema: {
        ...documented({
          operationId: "getToolSecret",
          tag: "Agents",
          summary: "Retrieve the secret that signs tool calls",
          description: "Handlers verify calls with it, by the recipe that webhooks have.",
          answers: { 200: { description: "The secret", schema: z.object({ secret: z.string() }) } },
          errors: [404],
        }),
        params: idParamsSchema,
      },
    },
    async (request, reply) => {
      const secret = await operations.getToolSecret(callerOf(request), idOf("agent", request.params.id));
      reply.header("cache-control", "no-store");
      return sendJson(reply, 200, { secret });
    },
  );
};
