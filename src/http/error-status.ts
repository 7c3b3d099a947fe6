import type { ErrorCode, ErrorKind, RunyardError } from "../contract/errors.ts";

/** The HTTP status of an error, for dialects whose vendor says nothing else. */
export function httpStatus(error: Pick<RunyardError, "code" | "kind">): number {
  return statusOfCode[error.code] ?? statusOfKind[error.kind];
}

const statusOfCode: Partial<Record<ErrorCode, number>> = {
  method_not_allowed: 405,
  body_too_large: 413,
  unsupported_media_type: 415,
};

const statusOfKind: Record<ErrorKind, number> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  "not-found": 404,
  conflict: 409,
  gone: 410,
  unprocessable: 422,
  limited: 429,
  internal: 500,
  upstream: 502,
  overloaded: 503,
};
