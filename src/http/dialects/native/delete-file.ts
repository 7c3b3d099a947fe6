import { spellId } from "../../../contract/ids.ts";
import { callerOf } from "../../idempotency.ts";
import { sendJson } from "../../send-json.ts";
import { documented, type Endpoint } from "./endpoint.ts";
import { idOf } from "./ids.ts";
import { deletedSchema } from "./schemas/page.ts";
import { idParamsSchema } from "./schemas/text.ts";

export const deleteFile: Endpoint = (scope, { operations }) => {
  scope.delete(
    "/v1/files/:id",
    {
      config: { scopes: ["agents:write"] },
      schema: {
        ...documented({
          operationId: "deleteFile",
          tag: "Files",
          summary: "Delete a file",
          answers: { 200: { description: "Deleted", schema: deletedSchema("file") } },
          errors: [404],
        }),
        params: idParamsSchema,
      },
    },
    async (request, reply) => {
      const fileId = idOf("file", request.params.id);
      await operations.deleteFile(callerOf(request), fileId);
      return sendJson(reply, 200, { id: spellId("file", fileId), deleted: true });
    },
  );
};
