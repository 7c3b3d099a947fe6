import type { FastifyInstance } from "fastify";

/**
 * Lets pages of the listed origins call the API. Off without a list, because keys are secrets and do not belong into
 * pages.
 *
 * @param origins exact origins such as `https://app.example`, or `*`
 * @see https://fetch.spec.whatwg.org/#http-cors-protocol
 */
export function allowOrigins(app: FastifyInstance, origins: readonly string[]): void {
  if (origins.length === 0) return;
  const allowed = new Set(origins);
  app.addHook("onRequest", (request, reply, done) => {
    reply.header("vary", "Origin");
    const { origin } = request.headers;
    if (origin === undefined || !(allowed.has(origin) || allowed.has("*"))) return done();
    reply.header("access-control-allow-origin", origin);
    reply.header("access-control-expose-headers", exposedHeaders);
    const wanted = request.headers["access-control-request-method"];
    if (request.method !== "OPTIONS" || wanted === undefined) return done();
    reply
      .header("access-control-allow-methods", "GET, POST, PATCH, PUT, DELETE")
      .header("access-control-allow-headers", request.headers["access-control-request-headers"] ?? "authorization")
      .header("access-control-max-age", "600")
      .code(204)
      .send();
  });
}

const exposedHeaders = [
  "x-request-id",
  "x-execution-id",
  "x-conversation-id",
  "x-ratelimit-limit",
  "x-ratelimit-remaining",
  "x-ratelimit-reset",
  "retry-after",
  "location",
  "idempotent-replayed",
].join(", ");
