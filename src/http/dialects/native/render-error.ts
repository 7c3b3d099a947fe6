import {
  type ErrorFact,
  errorCatalogue,
  type ErrorCode,
  type ErrorKind,
  type RunyardError,
} from "../../../contract/errors.ts";
import { spellId } from "../../../contract/ids.ts";
import { httpStatus } from "../../error-status.ts";
import type { ErrorType, WireError } from "./schemas/error.ts";

/** Makes the one error shape of the native API. */
export function renderError(error: RunyardError, requestId: string): { status: number; body: string } {
  const body: WireError = {
    error: {
      type: errorType(error.code),
      code: wireCode(error.code),
      message: error.message,
      ...(error.param !== undefined && { param: error.param }),
      requestId,
      ...(error.executionId !== undefined && { executionId: spellId("execution", error.executionId) }),
    },
  };
  return { status: httpStatus(error), body: JSON.stringify(body) };
}

/** What a failed execution shows of its error. */
export function renderExecutionError(error: ErrorFact): { type: ErrorType; code: string; message: string } {
  return { type: errorType(error.code), code: wireCode(error.code), message: error.message };
}

export function errorType(code: ErrorCode): ErrorType {
  // A wrong method is "not found" to us, but a malformed request on this wire.
  return code === "method_not_allowed" ? "invalid_request_error" : typeOfKind[errorCatalogue[code].kind];
}

/** The documented codes know no `unprocessable`: the type beside the code tells 422 from 400. */
export function wireCode(code: ErrorCode): string {
  return code === "unprocessable" ? "invalid_field_value" : code;
}

const typeOfKind: Record<ErrorKind, ErrorType> = {
  invalid: "invalid_request_error",
  unprocessable: "validation_error",
  unauthenticated: "authentication_error",
  forbidden: "permission_error",
  "not-found": "not_found_error",
  gone: "not_found_error",
  conflict: "conflict_error",
  limited: "rate_limit_error",
  internal: "internal_error",
  upstream: "upstream_error",
  overloaded: "overloaded_error",
};
