import type { Webhook } from "../../../contract/webhook.ts";
import { callerOf } from "../../idempotency.ts";
import { sendJson } from "../../send-json.ts";
import { documented, type Endpoint } from "./endpoint.ts";
import { idOf } from "./ids.ts";
import { renderCreatedWebhook } from "./render-webhook.ts";
import { createdWebhookSchema, createWebhookSchema } from "./schemas/webhook.ts";

export const createWebhook: Endpoint = (scope, { operations }) => {
  scope.post(
    "/v1/webhooks",
    {
      config: { scopes: ["webhooks:manage"] },
      schema: {
        ...documented({
          operationId: "createWebhook",
          tag: "Webhooks",
          summary: "Create a webhook",
          answers: {
            201: { description: "The webhook, with the secret shown only here", schema: createdWebhookSchema },
          },
          errors: [400, 404, 422],
        }),
        body: createWebhookSchema,
      },
    },
    async (request, reply) => {
      const { url, events, agentId } = request.body;
      const created = await operations.createWebhook(callerOf(request, answer), {
        url,
        events,
        ...(agentId !== undefined && { agentId: idOf("agent", agentId, "agentId") }),
      });
      reply.header("cache-control", "no-store");
      return sendJson(reply, 201, answer(created).body);
    },
  );
};

function answer(created: { webhook: Webhook; secret: string }) {
  return {
    status: 201,
    body: renderCreatedWebhook(created),
  };
}
