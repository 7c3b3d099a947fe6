import { createHash } from "node:crypto";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { RunyardError } from "../contract/errors.ts";
import type { Json } from "../contract/json.ts";
import type { Caller, IdempotencyRequest, Operations } from "../operations/operations.ts";
import { principalOf } from "./request-state.ts";
import { sendJsonText } from "./send-json.ts";

/** What a finished call answers, now and to a later call with the same key. */
export interface Answer<T> {
  status: number;
  body: T;
}

/**
 * Lets every authenticated POST of the scope carry an `Idempotency-Key`. Requests are the same when key, method, path
 * and JSON value are (members in the same order; white space does not count); of a body that is not JSON the media type
 * counts alone, because it is not read yet.
 */
export function acceptIdempotencyKeys(scope: FastifyInstance, operations: Pick<Operations, "findIdempotent">): void {
  scope.addHook("onRoute", (route) => {
    if (route.method !== "POST" || route.config?.scopes === undefined) return;
    const documentedHeaders = { ...route.schema?.documentedHeaders, "Idempotency-Key": headerMeaning };
    route.schema = { ...route.schema, documentedHeaders };
  });
  // Before validation, while the body is as it was sent.
  scope.addHook("preValidation", (request, _reply, done) => {
    if (request.method === "POST" && request.principal !== null) request.idempotency = readIdempotency(request);
    done();
  });
  scope.addHook("preHandler", async (request, reply) => {
    if (request.idempotency === null) return;
    const outcome = await operations.findIdempotent(principalOf(request), request.idempotency);
    if (outcome.kind === "new") return;
    reply.header("idempotent-replayed", "true");
    if (outcome.kind === "execution") {
      request.replayedExecutionId = outcome.executionId;
      return;
    }
    return sendJsonText(reply, outcome.status, JSON.stringify(outcome.body));
  });
}

const headerMeaning =
  "1 to 255 printable characters. A repetition with the same key and body gets the first call's answer.";

/**
 * The caller as operations want it. `answer` makes what is stored beside the effect when the request carries an
 * idempotency key.
 */
export function callerOf<R>(request: FastifyRequest, answer?: (result: R) => Answer<unknown>): Caller {
  const principal = principalOf(request);
  if (request.idempotency === null || answer === undefined) return principal;
  const idempotency: IdempotencyRequest & { render(result: R): Answer<Json> } = {
    ...request.idempotency,
    render(result) {
      const { status, body } = answer(result);
      const stored: Json = JSON.parse(JSON.stringify(body));
      return { status, body: stored };
    },
  };
  return { ...principal, idempotency };
}

function readIdempotency(request: FastifyRequest): IdempotencyRequest | null {
  const key = request.headers["idempotency-key"];
  if (key === undefined) return null;
  if (typeof key !== "string" || !keyPattern.test(key)) {
    throw new RunyardError("invalid_field_value", "Idempotency-Key must be 1 to 255 printable ASCII characters.", {
      param: "Idempotency-Key",
    });
  }
  const [path = ""] = request.url.split("?", 1);
  const body = request.body === undefined ? (request.headers["content-type"]?.split(";", 1)[0] ?? "") : request.body;
  const bodyHash = createHash("sha256").update(JSON.stringify(body)).digest("hex");
  return { key, route: `${request.method} ${path}`, bodyHash };
}

const keyPattern = /^[\x20-\x7e]{1,255}$/;

/** Marks an answer that comes from an earlier call's execution. */
export function isReplay(request: FastifyRequest): boolean {
  return request.replayedExecutionId !== null;
}

/** The first call with this key has not come to its end. */
export function stillInProgress(reply: FastifyReply): RunyardError {
  reply.removeHeader("idempotent-replayed");
  return new RunyardError(
    "idempotency_in_progress",
    "The first call with this Idempotency-Key is still running. Repeat this call later for its answer.",
    { retryAfterMs: 1000 },
  );
}
