import { callerOf } from "../../idempotency.ts";
import { sendJson } from "../../send-json.ts";
import { documented, type Endpoint } from "./endpoint.ts";
import { idOf } from "./ids.ts";
import { renderWebhook } from "./render-webhook.ts";
import { idParamsSchema } from "./schemas/text.ts";
import { updateWebhookSchema, webhookSchema } from "./schemas/webhook.ts";

export const updateWebhook: Endpoint = (scope, { operations }) => {
  scope.patch(
    "/v1/webhooks/:id",
    {
      config: { scopes: ["webhooks:manage"] },
      schema: {
        ...documented({
          operationId: "updateWebhook",
          tag: "Webhooks",
          summary: "Change a webhook",
          answers: { 200: { description: "The webhook as it is now", schema: webhookSchema } },
          errors: [400, 404, 422],
        }),
        params: idParamsSchema,
        body: updateWebhookSchema,
      },
    },
    async (request, reply) => {
      const webhookId = idOf("webhook", request.params.id);
      const webhook = await operations.updateWebhook(callerOf(request), webhookId, request.body);
      return sendJson(reply, 200, renderWebhook(webhook));
    },
  );
};
