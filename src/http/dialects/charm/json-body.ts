import type { FastifyInstance } from "fastify";
import { RunyardError } from "../../../contract/errors.ts";
import { parseJsonBody } from "../../json-body.ts";
import { toRunyardError } from "../../request-error.ts";

/** Makes the routes of a scope read bodies without a content type, and of one that ends in `+json`, as JSON. */
export function readUntypedJson(scope: FastifyInstance): void {
  scope.addContentTypeParser("*", { parseAs: "buffer" }, (request, body, done) => {
    const type = request.headers["content-type"];
    try {
      if (type !== undefined && !/^application\/[\w.-]+\+json\b/i.test(type)) {
        throw new RunyardError("unsupported_media_type", `This route reads JSON, but the body is ${type}.`);
      }
      done(null, parseJsonBody(Buffer.isBuffer(body) ? body : Buffer.from(body)));
    } catch (error) {
      done(toRunyardError(error));
    }
  });
}
