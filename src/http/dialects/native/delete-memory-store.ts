import { spellId } from "../../../contract/ids.ts";
import { callerOf } from "../../idempotency.ts";
import { sendJson } from "../../send-json.ts";
import { documented, type Endpoint } from "./endpoint.ts";
import { idOf } from "./ids.ts";
import { deletedSchema } from "./schemas/page.ts";
import { idParamsSchema } from "./schemas/text.ts";

export const deleteMemoryStore: Endpoint = (scope, { operations }) => {
  scope.delete(
    "/v1/memory-stores/:id",
    {
      config: { scopes: ["agents:write"] },
      schema: {
        ...documented({
          operationId: "deleteMemoryStore",
          tag: "Memory",
          summary: "Delete a memory store",
          answers: { 200: { description: "Deleted with its entries", schema: deletedSchema("memory store") } },
          errors: [404],
        }),
        params: idParamsSchema,
      },
    },
    async (request, reply) => {
      const storeId = idOf("memoryStore", request.params.id);
      await operations.deleteMemoryStore(callerOf(request), storeId);
      return sendJson(reply, 200, { id: spellId("memoryStore", storeId), deleted: true });
    },
  );
};
