import { callerOf } from "../../idempotency.ts";
import { sendJson } from "../../send-json.ts";
import { documented, type Endpoint } from "./endpoint.ts";
import { idOf } from "./ids.ts";
import { renderMemoryEntry } from "./render-memory.ts";
import { entryParamsSchema, memoryEntrySchema } from "./schemas/memory.ts";

export const getMemoryEntry: Endpoint = (scope, { operations }) => {
  scope.get(
    "/v1/memory-stores/:id/entries/:entryId",
    {
      config: { scopes: ["agents:read"] },
      schema: {
        ...documented({
          operationId: "getMemoryEntry",
          tag: "Memory",
          summary: "Retrieve an entry",
          answers: { 200: { description: "The entry", schema: memoryEntrySchema } },
          errors: [404],
        }),
        params: entryParamsSchema,
      },
    },
    async (request, reply) => {
      const storeId = idOf("memoryStore", request.params.id);
      const entryId = idOf("memoryEntry", request.params.entryId);
      const entry = await operations.getMemoryEntry(callerOf(request), storeId, entryId);
      return sendJson(reply, 200, renderMemoryEntry(entry));
    },
  );
};
