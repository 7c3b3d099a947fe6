import { callerOf } from "../../idempotency.ts";
import { sendJson } from "../../send-json.ts";
import { documented, type Endpoint } from "./endpoint.ts";
import { idOf } from "./ids.ts";
import { renderWebhook } from "./render-webhook.ts";
import { idParamsSchema } from "./schemas/text.ts";
import { webhookSchema } from "./schemas/webhook.ts";

export const getWebhook: Endpoint = (scope, { operations }) => {
  scope.get(
    "/v1/webhooks/:id",
    {
      config: { scopes: ["webhooks:manage"] },
      schema: {
        ...documented({
          operationId: "getWebhook",
          tag: "Webhooks",
          summary: "Retrieve a webhook",
          answers: { 200: { description: "The webhook", schema: webhookSchema } },
          errors: [404],
        }),
        params: idParamsSchema,
      },
    },
    async (request, reply) => {
      const webhook = await operations.getWebhook(callerOf(request), idOf("webhook", request.params.id));
      return sendJson(reply, 200, renderWebhook(webhook));
    },
  );
};
