import type { MemoryEntry } from "../../../contract/memory.ts";
import { callerOf } from "../../idempotency.ts";
import { sendJson } from "../../send-json.ts";
import { documented, type Endpoint } from "./endpoint.ts";
import { idOf } from "./ids.ts";
import { renderMemoryEntry } from "./render-memory.ts";
import { memoryEntrySchema, putMemoryEntrySchema } from "./schemas/memory.ts";
import { idParamsSchema } from "./schemas/text.ts";

export const putMemoryEntry: Endpoint = (scope, { operations }) => {
  scope.post(
    "/v1/memory-stores/:id/entries",
    {
      config: { scopes: ["agents:write"] },
      schema: {
        ...documented({
          operationId: "putMemoryEntry",
          tag: "Memory",
          summary: "Add or replace an entry",
          answers: {
            201: { description: "The new entry", schema: memoryEntrySchema },
            200: { description: "The entry that replaced one of the same key", schema: memoryEntrySchema },
          },
          errors: [400, 404],
        }),
        params: idParamsSchema,
        body: putMemoryEntrySchema,
      },
    },
    async (request, reply) => {
      const storeId = idOf("memoryStore", request.params.id);
      const { status, body } = answer(
        await operations.putMemoryEntry(callerOf(request, answer), storeId, request.body),
      );
      return sendJson(reply, status, body);
    },
  );
};

function answer({ entry, created }: { entry: MemoryEntry; created: boolean }) {
  return {
    status: created ? 201 : 200,
    body: renderMemoryEntry(entry),
  };
}
