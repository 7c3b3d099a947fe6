import type { FastifyReply } from "fastify";
import { z } from "zod";
import { RunyardError } from "../../../contract/errors.ts";
import { type CharmEndpoint, documented } from "./endpoint.ts";
import { text, textQuery } from "./schemas/framework.ts";
import { readUuid } from "./uuid.ts";

/** Artefacts by the addresses in events: whoever has one may read the file until it expires. */
export const getFile: CharmEndpoint = (scope, { operations }) => {
  scope.get(
    "/charm/files/:file_id",
    {
      schema: {
        ...documented({
          operationId: "get_file_files__file_id__get",
          tag: "Runs",
          summary: "Get File",
          status: 200,
          hide: true,
        }),
        params: z.object({ file_id: text }),
        querystring: z.object({ signature: textQuery.default("") }),
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      const id = readUuid(request.params.file_id);
      if (id === undefined) throw new RunyardError("file_not_found", "There is no such file.");
      const { file, content } = await operations.openLinkedFile(id, request.query.signature);
      return (
        reply
          .header("content-type", file.type)
          .header("content-length", file.sizeBytes)
          .header("content-disposition", disposition(file.name))
          .header("cache-control", "private, no-cache")
          .header("referrer-policy", "no-referrer")
          // Whatever a program has made is handed out as bytes and never as a page of this origin.
          .header("x-content-type-options", "nosniff")
          .header("content-security-policy", "default-src 'none'; sandbox")
          .send(content)
      );
    },
  );
};

/** @see https://www.rfc-editor.org/rfc/rfc6266#section-5 */
function disposition(name: string): string {
  const plain = name.replaceAll(/[^\x20-\x7e]|["\\%]/g, "_");
  const encoded = encodeURIComponent(name).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}
