import type { FastifyReply } from "fastify";
import { RunyardError } from "../contract/errors.ts";
import type { Principal } from "../contract/organization.ts";
import type { Operations } from "../operations/operations.ts";

/**
 * Takes the request out of its key's windows and tells the caller where they stand. Without a limit there are no
 * headers.
 *
 * @throws RunyardError `rate_limit_exceeded`
 */
export function takeFromLimits(
  operations: Pick<Operations, "takeRequest">,
  principal: Principal,
  reply: FastifyReply,
): void {
  const state = operations.takeRequest(principal);
  if (state === undefined) return;
  reply.header("x-ratelimit-limit", String(state.limit));
  reply.header("x-ratelimit-remaining", String(Math.max(0, state.remaining)));
  reply.header("x-ratelimit-reset", String(Math.ceil(state.resetAt / 1000)));
  if (state.retryAfterMs === undefined) return;
  throw new RunyardError(
    "rate_limit_exceeded",
    `The key may make ${state.limit} requests a minute. Try again in ${Math.ceil(state.retryAfterMs / 1000)} s.`,
    { retryAfterMs: state.retryAfterMs },
  );
}
