import { callerOf } from "../../idempotency.ts";
import { sendJson } from "../../send-json.ts";
import { documented, type Endpoint } from "./endpoint.ts";
import { idOf } from "./ids.ts";
import { renderMemoryStore } from "./render-memory.ts";
import { memoryStoreSchema, updateMemoryStoreSchema } from "./schemas/memory.ts";
import { idParamsSchema } from "./schemas/text.ts";

export const updateMemoryStore: Endpoint = (scope, { operations }) => {
  scope.patch(
    "/v1/memory-stores/:id",
    {
      config: { scopes: ["agents:write"] },
      schema: {
        ...documented({
          operationId: "updateMemoryStore",
          tag: "Memory",
          summary: "Change a memory store",
          description: "Only the fields sent change; metadata is replaced whole.",
          answers: { 200: { description: "The store as it is now", schema: memoryStoreSchema } },
          errors: [400, 404],
        }),
        params: idParamsSchema,
        body: updateMemoryStoreSchema,
      },
    },
    async (request, reply) => {
      const storeId = idOf("memoryStore", request.params.id);
      const store = await operations.updateMemoryStore(callerOf(request), storeId, request.body);
      return sendJson(reply, 200, renderMemoryStore(store));
    },
  );
};
