import type { MemoryStore } from "../../../contract/memory.ts";
import { callerOf } from "../../idempotency.ts";
import { sendJson } from "../../send-json.ts";
import { documented, type Endpoint } from "./endpoint.ts";
import { renderMemoryStore } from "./render-memory.ts";
import { createMemoryStoreSchema, memoryStoreSchema } from "./schemas/memory.ts";

export const createMemoryStore: Endpoint = (scope, { operations }) => {
  scope.post(
    "/v1/memory-stores",
    {
      config: { scopes: ["agents:write"] },
      schema: {
        ...documented({
          operationId: "createMemoryStore",
          tag: "Memory",
          summary: "Create a memory store",
          answers: { 201: { description: "The store", schema: memoryStoreSchema } },
          errors: [400],
        }),
        body: createMemoryStoreSchema,
      },
    },
    async (request, reply) => {
      const store = await operations.createMemoryStore(callerOf(request, answer), request.body);
      return sendJson(reply, 201, answer(store).body);
    },
  );
};

function answer(store: MemoryStore) {
  return { status: 201, body: renderMemoryStore(store) };
}
