import { callerOf } from "../../idempotency.ts";
import { sendJson } from "../../send-json.ts";
import { documented, type Endpoint } from "./endpoint.ts";
import { readPage, renderPage } from "./page.ts";
import { renderKey } from "./render-key.ts";
import { keySchema } from "./schemas/key.ts";
import { pageQuerySchema, pageSchema } from "./schemas/page.ts";

export const listKeys: Endpoint = (scope, { operations }) => {
  scope.get(
    "/v1/keys",
    {
      config: { scopes: ["keys:manage"] },
      schema: {
        ...documented({
          operationId: "listKeys",
          tag: "Keys",
          summary: "List API keys",
          answers: { 200: { description: "A page of keys", schema: pageSchema(keySchema) } },
          errors: [400],
        }),
        querystring: pageQuerySchema,
      },
    },
    async (request, reply) => {
      const page = readPage("apiKey", request.query);
      const keys = await operations.listKeys(callerOf(request), page);
      return sendJson(reply, 200, renderPage("apiKey", page, keys, renderKey));
    },
  );
};
