import { callerOf } from "../../idempotency.ts";
import { sendJson } from "../../send-json.ts";
import { documented, type Endpoint } from "./endpoint.ts";
import { readPage, renderPage } from "./page.ts";
import { renderWebhook } from "./render-webhook.ts";
import { pageQuerySchema, pageSchema } from "./schemas/page.ts";
import { webhookSchema } from "./schemas/webhook.ts";

export const listWebhooks: Endpoint = (scope, { operations }) => {
  scope.get(
    "/v1/webhooks",
    {
      config: { scopes: ["webhooks:manage"] },
      schema: {
        ...documented({
          operationId: "listWebhooks",
          tag: "Webhooks",
          summary: "List webhooks",
          answers: { 200: { description: "A page of webhooks", schema: pageSchema(webhookSchema) } },
          errors: [400],
        }),
        querystring: pageQuerySchema,
      },
    },
    async (request, reply) => {
      const page = readPage("webhook", request.query);
      const webhooks = await operations.listWebhooks(callerOf(request), page);
      return sendJson(reply, 200, renderPage("webhook", page, webhooks, renderWebhook));
    },
  );
};
