import type { FastifyReply } from "fastify";
import { z } from "zod";
import { callerOf } from "../../idempotency.ts";
import { documented, type Endpoint } from "./endpoint.ts";
import { idOf } from "./ids.ts";
import { idParamsSchema } from "./schemas/text.ts";

export const getFileContent: Endpoint = (scope, { operations }) => {
  scope.get(
    "/v1/files/:id/content",
    {
      exposeHeadRoute: false,
      config: { scopes: ["agents:read"] },
      schema: {
        ...documented({
          operationId: "getFileContent",
          tag: "Files",
          summary: "Download a file",
          answers: {
            200: {
              description: "The bytes, with the file's media type",
              schema: z.string().meta({ format: "binary" }),
              type: "application/octet-stream",
            },
          },
          errors: [404],
        }),
        params: idParamsSchema,
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      const { file, content } = await operations.openFile(callerOf(request), idOf("file", request.params.id));
      return (
        reply
          .header("content-type", file.type)
          .header("content-length", file.sizeBytes)
          .header("content-disposition", attachment(file.name))
          .header("etag", `"${file.sha256}"`)
          .header("cache-control", "private, no-cache")
          // Whatever somebody has uploaded is handed out as bytes and never as a page of this origin.
          .header("x-content-type-options", "nosniff")
          .header("content-security-policy", "default-src 'none'; sandbox")
          .send(content)
      );
    },
  );
};

/** @see https://www.rfc-editor.org/rfc/rfc6266#section-5 */
function attachment(name: string): string {
  const plain = name.replaceAll(/[^\x20-\x7e]|["\\%]/g, "_");
  const encoded = encodeURIComponent(name).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}
