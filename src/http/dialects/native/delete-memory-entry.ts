import { spellId } from "../../../contract/ids.ts";
import { callerOf } from "../../idempotency.ts";
import { sendJson } from "../../send-json.ts";
import { documented, type Endpoint } from "./endpoint.ts";
import { idOf } from "./ids.ts";
import { entryParamsSchema } from "./schemas/memory.ts";
import { deletedSchema } from "./schemas/page.ts";

export const deleteMemoryEntry: Endpoint = (scope, { operations }) => {
  scope.delete(
    "/v1/memory-stores/:id/entries/:entryId",
    {
      config: { scopes: ["agents:write"] },
      schema: {
        ...documented({
          operationId: "deleteMemoryEntry",
          tag: "Memory",
          summary: "Delete an entry",
          answers: { 200: { description: "Deleted", schema: deletedSchema("entry") } },
          errors: [404],
        }),
        params: entryParamsSchema,
      },
    },
    async (request, reply) => {
      const storeId = idOf("memoryStore", request.params.id);
      const entryId = idOf("memoryEntry", request.params.entryId);
      await operations.deleteMemoryEntry(callerOf(request), storeId, entryId);
      return sendJson(reply, 200, { id: spellId("memoryEntry", entryId), deleted: true });
    },
  );
};
