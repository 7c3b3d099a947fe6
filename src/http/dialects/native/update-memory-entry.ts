import { callerOf } from "../../idempotency.ts";
import { sendJson } from "../../send-json.ts";
import { documented, type Endpoint } from "./endpoint.ts";
import { idOf } from "./ids.ts";
import { renderMemoryEntry } from "./render-memory.ts";
import { entryParamsSchema, memoryEntrySchema, updateMemoryEntrySchema } from "./schemas/memory.ts";

export const updateMemoryEntry: Endpoint = (scope, { operations }) => {
  scope.patch(
    "/v1/memory-stores/:id/entries/:entryId",
    {
      config: { scopes: ["agents:write"] },
      schema: {
        ...documented({
          operationId: "updateMemoryEntry",
          tag: "Memory",
          summary: "Change an entry",
          answers: { 200: { description: "The entry as it is now", schema: memoryEntrySchema } },
          errors: [400, 404, 422],
        }),
        params: entryParamsSchema,
        body: updateMemoryEntrySchema,
      },
    },
    async (request, reply) => {
      const storeId = idOf("memoryStore", request.params.id);
      const entryId = idOf("memoryEntry", request.params.entryId);
      const entry = await operations.updateMemoryEntry(callerOf(request), storeId, entryId, request.body);
      return sendJson(reply, 200, renderMemoryEntry(entry));
    },
  );
};
