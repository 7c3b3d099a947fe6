import { callerOf } from "../../idempotency.ts";
import { sendJson } from "../../send-json.ts";
import { documented, type Endpoint } from "./endpoint.ts";
import { readPage, renderPage } from "./page.ts";
import { renderFile } from "./render-file.ts";
import { fileSchema } from "./schemas/file.ts";
import { pageQuerySchema, pageSchema } from "./schemas/page.ts";

export const listFiles: Endpoint = (scope, { operations }) => {
  scope.get(
    "/v1/files",
    {
      config: { scopes: ["agents:read"] },
      schema: {
        ...documented({
          operationId: "listFiles",
          tag: "Files",
          summary: "List files",
          answers: { 200: { description: "A page of files", schema: pageSchema(fileSchema) } },
          errors: [400],
        }),
        querystring: pageQuerySchema,
      },
    },
    async (request, reply) => {
      const page = readPage("file", request.query);
      return sendJson(
        reply,
        200,
        renderPage("file", page, await operations.listFiles(callerOf(request), page), renderFile),
      );
    },
  );
};
