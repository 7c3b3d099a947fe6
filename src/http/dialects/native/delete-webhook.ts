import { spellId } from "../../../contract/ids.ts";
import { callerOf } from "../../idempotency.ts";
import { sendJson } from "../../send-json.ts";
import { documented, type Endpoint } from "./endpoint.ts";
import { idOf } from "./ids.ts";
import { deletedSchema } from "./schemas/page.ts";
import { idParamsSchema } from "./schemas/text.ts";

export const deleteWebhook: Endpoint = (scope, { operations }) => {
  scope.delete(
    "/v1/webhooks/:id",
    {
      config: { scopes: ["webhooks:manage"] },
      schema: {
        ...documented({
          operationId: "deleteWebhook",
          tag: "Webhooks",
          summary: "Delete a webhook",
          answers: { 200: { description: "Deleted", schema: deletedSchema("webhook") } },
          errors: [404],
        }),
        params: idParamsSchema,
      },
    },
    async (request, reply) => {
      const webhookId = idOf("webhook", request.params.id);
      await operations.deleteWebhook(callerOf(request), webhookId);
      return sendJson(reply, 200, { id: spellId("webhook", webhookId), deleted: true });
    },
  );
};
