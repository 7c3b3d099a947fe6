import { createHash } from "node:crypto";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { RunyardError } from "../contract/errors.ts";
import type { Execution } from "../contract/execution.ts";
import type { Json } from "../contract/json.ts";
import type {
  Caller,
  EarlierAnswer,
  IdempotencyRequest,
  IdempotentOutcome,
  Operations,
} from "../operations/operations.ts";
import { principalOf } from "./request-state.ts";
import { sendJsonText } from "./send-json.ts";

/** What a finished call answers, now and to a later call with the same key. */
export interface Answer<T> {
  status: number;
  body: T;
}

/**
 * Lets every authenticated POST of the scope carry an `Idempotency-Key`. Requests are the same when key, method, path
 * and JSON value are (members in the same order; white space does not count). A form is not read yet: the operation that
 * reads it looks for the earlier call.
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
    const outcome = await findEarlier(request, reply, operations);
    return outcome?.kind === "answer" ? sendEarlier(reply, outcome) : undefined;
  });
}

/** What the first call with the request's key came to, if there was one; the request and its answer are marked by it. */
async function findEarlier(
  request: FastifyRequest,
  reply: FastifyReply,
  operations: Pick<Operations, "findIdempotent">,
): Promise<IdempotentOutcome | undefined> {
  if (request.idempotency === null || isForm(request)) return undefined;
  const outcome = await operations.findIdempotent(principalOf(request), request.idempotency);
  if (outcome.kind === "new") return undefined;
  reply.header("idempotent-replayed", "true");
  if (outcome.kind === "execution") request.replayedExecutionId = outcome.executionId;
  return outcome;
}

/**
 * The execution that a call sets going; of a repetition, the one of the first call. Two that come at once both begin, and
 * the second is refused at its commit: then it is a repetition as well.
 */
export async function startOnce(
  request: FastifyRequest,
  reply: FastifyReply,
  operations: Pick<Operations, "findIdempotent" | "getExecution">,
  start: () => Promise<Execution>,
): Promise<Execution> {
  if (request.replayedExecutionId === null) {
    try {
      return await start();
    } catch (error) {
      if (!(error instanceof RunyardError) || error.kind !== "conflict") throw error;
      await findEarlier(request, reply, operations);
      if (request.replayedExecutionId === null) throw error;
    }
  }
  return operations.getExecution(principalOf(request), request.replayedExecutionId);
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

function isForm(request: FastifyRequest): boolean {
  return request.headers["content-type"]?.toLowerCase().startsWith("multipart/") === true;
}

/** Answers what the first call with the same key was answered. */
export function sendEarlier(reply: FastifyReply, { status, body }: EarlierAnswer): FastifyReply {
  reply.header("idempotent-replayed", "true");
  return sendJsonText(reply, status, JSON.stringify(body));
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
