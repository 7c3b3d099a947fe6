import { z } from "zod";
import { callerOf } from "../../idempotency.ts";
import { sendJson } from "../../send-json.ts";
import { documented, type Endpoint } from "./endpoint.ts";
import { idOf } from "./ids.ts";
import { readPage, renderPage } from "./page.ts";
import { renderMemoryEntry } from "./render-memory.ts";
import { memoryEntrySchema } from "./schemas/memory.ts";
import { pageQuery, pageSchema } from "./schemas/page.ts";
import { idParamsSchema } from "./schemas/text.ts";

export const listMemoryEntries: Endpoint = (scope, { operations }) => {
  scope.get(
    "/v1/memory-stores/:id/entries",
    {
      config: { scopes: ["agents:read"] },
      schema: {
        ...documented({
          operationId: "listMemoryEntries",
          tag: "Memory",
          summary: "List or search entries",
          description: "With `query` the best matches come first, at most `limit`, and there is no further page.",
          answers: {
            200: { description: "A page of entries, or the best matches", schema: pageSchema(memoryEntrySchema) },
          },
          errors: [400, 404],
        }),
        params: idParamsSchema,
        querystring: z.object({
          query: z.string().min(1).max(1000).optional().describe("Words to search for; then best matches come first."),
          key: z.string().min(1).max(200).optional(),
          ...pageQuery,
        }),
      },
    },
    async (request, reply) => {
      const { query, key } = request.query;
      const page = readPage("memoryEntry", request.query);
      const filter = { ...(query !== undefined && { query }), ...(key !== undefined && { key }) };
      const storeId = idOf("memoryStore", request.params.id);
      const entries = await operations.listMemoryEntries(callerOf(request), storeId, filter, page);
      return sendJson(reply, 200, renderPage("memoryEntry", page, entries, renderMemoryEntry));
    },
  );
};
