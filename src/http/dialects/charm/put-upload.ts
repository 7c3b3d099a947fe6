import type { FastifyReply } from "fastify";
import { Readable } from "node:stream";
import { z } from "zod";
import { RunyardError } from "../../../contract/errors.ts";
import { maxBundleBytes } from "../../../operations/bundle-upload.ts";
import { type CharmEndpoint, documented } from "./endpoint.ts";
import { text } from "./schemas/framework.ts";

/** Bodies of these types are not read into memory; this route alone takes them. */
const archiveTypes = ["application/gzip", "application/x-gzip", "application/octet-stream"];

export const putUpload: CharmEndpoint = (scope, { operations }) => {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser(archiveTypes, { bodyLimit: maxBundleBytes }, (_request, payload, done) => {
    done(null, payload);
  });
  scope.put(
    "/charm/api/v1/uploads/:token",
    {
      schema: {
        ...documented({
          operationId: "put_upload_api_v1_uploads__token__put",
          tag: "Store",
          summary: "Put Upload",
          description: "A gzip tarball of at most 50 MiB. The address itself is the authority.",
          status: 204,
          errors: [404, 413],
        }),
        params: z.object({ token: text }),
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      if (Number(request.headers["content-length"] ?? 0) > maxBundleBytes) {
        throw new RunyardError("body_too_large", `A bundle may have ${maxBundleBytes} bytes; this one has more.`);
      }
      const content = request.body instanceof Readable ? request.body : Readable.from([]);
      try {
        await operations.receiveUpload(request.params.token, content);
      } finally {
        // What is left of a body that was refused is read away, so that its sender comes to read the answer.
        content.resume();
      }
      return reply.code(204).send();
    },
  );
};
