import { callerOf } from "../../idempotency.ts";
import { sendJson } from "../../send-json.ts";
import { documented, type Endpoint } from "./endpoint.ts";
import { readPage, renderPage } from "./page.ts";
import { renderMemoryStore } from "./render-memory.ts";
import { memoryStoreSchema } from "./schemas/memory.ts";
import { pageQuerySchema, pageSchema } from "./schemas/page.ts";

export const listMemoryStores: Endpoint = (scope, { operations }) => {
  scope.get(
    "/v1/memory-stores",
    {
      config: { scopes: ["agents:read"] },
      schema: {
        ...documented({
          operationId: "listMemoryStores",
          tag: "Memory",
          summary: "List memory stores",
          answers: { 200: { description: "A page of stores", schema: pageSchema(memoryStoreSchema) } },
          errors: [400],
        }),
        querystring: pageQuerySchema,
      },
    },
    async (request, reply) => {
      const page = readPage("memoryStore", request.query);
      const stores = await operations.listMemoryStores(callerOf(request), page);
      return sendJson(reply, 200, renderPage("memoryStore", page, stores, renderMemoryStore));
    },
  );
};
