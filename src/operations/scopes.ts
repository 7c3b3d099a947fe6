import { RunyardError } from "../contract/errors.ts";
import type { Principal, Scope } from "../contract/organization.ts";

/**
 * Lets a caller pass who has at least one of the scopes.
 * @throws `insufficient_scope`
 */
export function requireScope(caller: Principal, ...anyOf: readonly [Scope, ...Scope[]]): void {
  if (anyOf.some((scope) => caller.scopes.has(scope))) return;
  const held = caller.scopes.size === 0 ? "none" : [...caller.scopes].join(", ");
  throw new RunyardError(
    "insufficient_scope",
    `This call needs the scope ${anyOf.join(" or ")}; the key has ${held}. Use another key.`,
  );
}
