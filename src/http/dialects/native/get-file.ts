import { callerOf } from "../../idempotency.ts";
import { sendJson } from "../../send-json.ts";
import { documented, type Endpoint } from "./endpoint.ts";
import { idOf } from "./ids.ts";
import { renderFile } from "./render-file.ts";
import { fileSchema } from "./schemas/file.ts";
import { idParamsSchema } from "./schemas/text.ts";

export const getFile: Endpoint = (scope, { operations }) => {
  scope.get(
    "/v1/files/:id",
    {
      config: { scopes: ["agents:read"] },
      schema: {
        ...documented({
          operationId: "getFile",
          tag: "Files",
          summary: "Retrieve what is known of a file",
          answers: { 200: { description: "The file, without its content", schema: fileSchema } },
          errors: [404],
        }),
        params: idParamsSchema,
      },
    },
    async (request, reply) => {
      const file = await operations.getFile(callerOf(request), idOf("file", request.params.id));
      return sendJson(reply, 200, renderFile(file));
    },
  );
};
