import type { Principal } from "../contract/organization.ts";
import type { RateLimitState } from "./operations.ts";
import type { OperationParts } from "./parts.ts";

export function takeRequest(
  { requestLimits }: Pick<OperationParts, "requestLimits">,
  principal: Principal,
): RateLimitState | undefined {
  return requestLimits.take(principal);
}
