import type { FastifyRequest } from "fastify";
import type { Id } from "../contract/ids.ts";
import { RunyardError } from "../contract/errors.ts";
import type { Principal, Scope } from "../contract/organization.ts";
import type { IdempotencyRequest } from "../operations/operations.ts";

/** What the steps before a handler leave on a request for it. */
declare module "fastify" {
  interface FastifyRequest {
    /** Set by authentication. */
    principal: Principal | null;
    /** Set when the request carries an idempotency key. */
    idempotency: IdempotencyRequest | null;
    /** Set when an earlier call with the same idempotency key started this execution. */
    replayedExecutionId: Id | null;
    /** High-resolution milliseconds at arrival. */
    arrivedAt: number;
  }
  interface FastifyContextConfig {
    /** The key needs one of these; empty: any key will do. Absent: the route takes no key at all. */
    scopes?: readonly Scope[];
  }
}

/** Who is calling. @throws RunyardError `invalid_api_key` on a route without authentication */
export function principalOf(request: FastifyRequest): Principal {
  if (request.principal === null) throw new RunyardError("invalid_api_key", "This call needs an API key.");
  return request.principal;
}
