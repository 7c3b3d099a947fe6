import type { FastifyReply, FastifyRequest, onRequestAsyncHookHandler } from "fastify";
import { RunyardError } from "../contract/errors.ts";
import type { Principal } from "../contract/organization.ts";
import type { Operations } from "../operations/operations.ts";
import { takeFromLimits } from "./rate-limit.ts";
import "./request-state.ts";

/**
 * Proves who is calling before the body is read: 401, then 429, then 403; 400 and what follows come later. Runs on every
 * route of the scope that names `scopes` in its config.
 *
 * Scopes are checked here so that a key without them learns nothing about the shape of a request; the operations check
 * them again and are the authority.
 *
 * @param readKey the key text of a request as the dialect's vendor sends it
 */
export function authenticate(
  operations: Pick<Operations, "authenticate" | "takeRequest">,
  readKey: (request: FastifyRequest) => string,
): onRequestAsyncHookHandler {
  return async (request: FastifyRequest, reply: FastifyReply) => {
    const { scopes } = request.routeOptions.config;
    if (scopes === undefined) return;
    const principal = await operations.authenticate(readKey(request));
    takeFromLimits(operations, principal, reply);
    if (scopes.length > 0 && !scopes.some((scope) => principal.scopes.has(scope))) {
      throw new RunyardError(
        "insufficient_scope",
        `This call needs the scope ${scopes.join(" or ")}; the key has ${listScopes(principal)}.`,
      );
    }
    request.principal = principal;
  };
}

/** The key of `Authorization: Bearer …`. @throws RunyardError `invalid_api_key` */
export function readBearerKey(request: FastifyRequest): string {
  const header = request.headers.authorization;
  if (header === undefined) {
    throw new RunyardError("invalid_api_key", "Send the API key in the header: Authorization: Bearer <key>.");
  }
  const key = bearerPattern.exec(header)?.[1];
  if (key === undefined) {
    throw new RunyardError("invalid_api_key", "The Authorization header must be: Bearer <key>.");
  }
  return key;
}

/** @see https://www.rfc-editor.org/rfc/rfc6750#section-2.1 */
const bearerPattern = /^Bearer +([A-Za-z0-9\-._~+/]+=*) *$/i;

function listScopes(principal: Principal): string {
  return principal.scopes.size === 0 ? "none" : [...principal.scopes].join(", ");
}
