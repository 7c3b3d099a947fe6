import { RunyardError } from "../../contract/errors.ts";
import { describeProblem, type ProviderIdentity, providerError, readProblem } from "../wire/provider-error.ts";

/** The status that a provider's word stands for, when an error comes inside a 200. */
const statusOfCode: Record<string, number> = {
  rate_limit_exceeded: 429,
  rate_limit_error: 429,
  resource_exhausted: 429,
  invalid_prompt: 400,
  invalid_request_error: 400,
  invalid_argument: 400,
  context_length_exceeded: 400,
  insufficient_quota: 400,
  permission_denied: 403,
  unauthenticated: 401,
};

/**
 * What a provider package threw or streamed, as ours when a provider said it; anything else comes back as it is. Told
 * apart by shape: importing the package's error classes would load it.
 */
export function aiSdkError(identity: ProviderIdentity, error: unknown): unknown {
  if (error instanceof RunyardError || typeof error !== "object" || error === null) return error;
  const status = "statusCode" in error && typeof error.statusCode === "number" ? error.statusCode : undefined;
  const body = "responseBody" in error && typeof error.responseBody === "string" ? error.responseBody : undefined;
  const headers = "responseHeaders" in error ? readHeaders(error.responseHeaders) : {};
  if (status !== undefined && (status < 200 || status > 299)) {
    return providerError(identity, readProblem(status, headers, body ?? ""));
  }
  const said = describeProblem(parseOrUndefined(body) ?? ("data" in error ? error.data : undefined) ?? error);
  if (said.message === undefined || (error instanceof Error && said.code === "")) {
    const cause = error instanceof Error ? error.cause : undefined;
    // A failure on the way is wrapped by the package; ours is inside.
    return cause instanceof Error ? aiSdkError(identity, cause) : error;
  }
  const known =
    statusOfCode[said.code] ?? statusOfCode[said.type] ?? (/^\d{3}$/.test(said.code) ? Number(said.code) : 500);
  return providerError(identity, { status: known, message: said.message, code: said.code, retryAfterMs: undefined });
}

function readHeaders(value: unknown): Record<string, string> {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(Object.entries(value).filter(([, text]) => typeof text === "string"));
}

function parseOrUndefined(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
