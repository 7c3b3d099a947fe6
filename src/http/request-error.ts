import { type ErrorCode, RunyardError } from "../contract/errors.ts";

/**
 * Turns anything thrown on the way of a request into one of our errors. What we do not know becomes `internal_error`
 * without its detail; the caller logs the original, which stays as `cause`.
 */
export function toRunyardError(thrown: unknown): RunyardError {
  if (thrown instanceof RunyardError) return thrown;
  const { code, statusCode } = fieldsOf(thrown);
  const known = code === undefined ? undefined : frameworkErrors[code];
  if (known !== undefined) return new RunyardError(known.code, known.message, { cause: thrown });
  if (code !== undefined && diskErrors.has(code)) {
    return new RunyardError("overloaded", diskMessage, { retryAfterMs: 5000, cause: thrown });
  }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new RunyardError("invalid_field_value", "The request could not be read: it broke off or is malformed.", {
      cause: thrown,
    });
  }
  return new RunyardError(
    "internal_error",
    "The server failed while answering. Quote the request id to its operator.",
    {
      cause: thrown,
    },
  );
}

/** What the system says of a disk that takes no bytes of a file: full, over a quota, broken, read-only. */
const diskErrors: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT", "EIO", "EROFS"]);

const diskMessage =
  "The server cannot store files at the moment. Try again shortly. Operators: the server's log says why; see to the disk's free space.";

/** @see https://fastify.dev/docs/latest/Reference/Errors/ */
const frameworkErrors: Record<string, { code: ErrorCode; message: string } | undefined> = {
  FST_ERR_CTP_BODY_TOO_LARGE: { code: "body_too_large", message: "The body is over the limit of this route." },
  FST_REQ_FILE_TOO_LARGE: { code: "body_too_large", message: "The file is over the limit of this route." },
  FST_PARTS_LIMIT: { code: "body_too_large", message: "The form has too many parts." },
  FST_FILES_LIMIT: { code: "body_too_large", message: "The form has too many files; this route takes one." },
  FST_FIELDS_LIMIT: { code: "body_too_large", message: "The form has too many fields." },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    code: "unsupported_media_type",
    message: "This route does not read bodies of that content type; send application/json.",
  },
  FST_INVALID_MULTIPART_CONTENT_TYPE: {
    code: "unsupported_media_type",
    message: "This route reads multipart/form-data.",
  },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    code: "invalid_field_value",
    message: "The body is not as long as Content-Length says.",
  },
  FST_ERR_BAD_URL: { code: "invalid_field_value", message: "The path has a malformed percent-encoding." },
  FST_ERR_MAX_PARAM_LENGTH: { code: "route_not_found", message: "No such path: a segment of it is too long." },
  FST_ERR_NOT_FOUND: { code: "route_not_found", message: "No such path." },
};

function fieldsOf(thrown: unknown): { code?: string; statusCode?: number } {
  if (typeof thrown !== "object" || thrown === null) return {};
  const code = "code" in thrown && typeof thrown.code === "string" ? thrown.code : undefined;
  const statusCode = "statusCode" in thrown && typeof thrown.statusCode === "number" ? thrown.statusCode : undefined;
  return { ...(code !== undefined && { code }), ...(statusCode !== undefined && { statusCode }) };
}
