import { callerOf } from "../../idempotency.ts";
import { sendJson } from "../../send-json.ts";
import { documented, type Endpoint } from "./endpoint.ts";
import { idOf } from "./ids.ts";
import { renderMemoryStore } from "./render-memory.ts";
import { memoryStoreSchema } from "./schemas/memory.ts";
import { idParamsSchema } from "./schemas/text.ts";

export const getMemoryStore: Endpoint = (scope, { operations }) => {
  scope.get(
    "/v1/memory-stores/:id",
    {
      config: { scopes: ["agents:read"] },
      schema: {
        ...documented({
          operationId: "getMemoryStore",
          tag: "Memory",
          summary: "Retrieve a memory store",
          answers: { 200: { description: "The store", schema: memoryStoreSchema } },
          errors: [404],
        }),
        params: idParamsSchema,
      },
    },
    async (request, reply) => {
      const store = await operations.getMemoryStore(callerOf(request), idOf("memoryStore", request.params.id));
      return sendJson(reply, 200, renderMemoryStore(store));
    },
  );
};
