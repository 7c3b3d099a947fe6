/** What the server's error envelope says; see the error catalogue in the API documentation. */
export interface ApiErrorBody {
  type: string;
  code: string;
  message: string;
  /** The field at fault, nested with dots. */
  param?: string;
  requestId?: string;
  /** The execution that failed, when one was made. */
  executionId?: string;
}

/** Every error this client throws on purpose. */
export class RunyardClientError extends Error {
  override name = "RunyardClientError";
}

/** No answer, or only part of one: nothing listens there, the name is unknown, the connection broke. */
export class ConnectionError extends RunyardClientError {
  override name = "ConnectionError";
}

/** The server answered with an error. `instanceof` a subclass, or switch on `code`. */
export class ApiError extends RunyardClientError {
  override name = "ApiError";
  readonly status: number;
  readonly type: string;
  readonly code: string;
  readonly param: string | undefined;
  readonly requestId: string | undefined;
  readonly executionId: string | undefined;
  /** From `Retry-After`, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(status: number, body: ApiErrorBody, retryAfterMs?: number) {
    super(body.message);
    this.status = status;
    this.type = body.type;
    this.code = body.code;
    this.param = body.param;
    this.requestId = body.requestId;
    this.executionId = body.executionId;
    this.retryAfterMs = retryAfterMs;
  }
}

/** 400, 413, 415, 422: the request has to be changed. */
export class InvalidRequestError extends ApiError {
  override name = "InvalidRequestError";
}
/** 401: the key is missing, malformed, unknown, revoked or expired. */
export class AuthenticationError extends ApiError {
  override name = "AuthenticationError";
}
/** 403: the key lacks a scope. */
export class PermissionError extends ApiError {
  override name = "PermissionError";
}
/** 404 and 410: no such object, or another organization's. */
export class NotFoundError extends ApiError {
  override name = "NotFoundError";
}
/** 409: the object's state forbids the call. */
export class ConflictError extends ApiError {
  override name = "ConflictError";
}
/** 429: too many requests, or the quota is used up; `retryAfterMs` says how long to wait. */
export class RateLimitError extends ApiError {
  override name = "RateLimitError";
}
/** 5xx: the server, its model or one of its tools failed. */
export class ServerError extends ApiError {
  override name = "ServerError";
}

/** Picks the class of an error answer by its status. */
export function apiError(status: number, body: ApiErrorBody, retryAfterMs?: number): ApiError {
  if (status === 401) return new AuthenticationError(status, body, retryAfterMs);
  if (status === 403) return new PermissionError(status, body, retryAfterMs);
  if (status === 404 || status === 410) return new NotFoundError(status, body, retryAfterMs);
  if (status === 409) return new ConflictError(status, body, retryAfterMs);
  if (status === 429) return new RateLimitError(status, body, retryAfterMs);
  if (status >= 500) return new ServerError(status, body, retryAfterMs);
  return new InvalidRequestError(status, body, retryAfterMs);
}
