/** Every error this client throws on purpose. */
export class RunyardClientError extends Error {
    name = "RunyardClientError";
}
/** No answer, or only part of one: nothing listens there, the name is unknown, the connection broke. */
export class ConnectionError extends RunyardClientError {
    name = "ConnectionError";
}
/** The server answered with an error. `instanceof` a subclass, or switch on `code`. */
export class ApiError extends RunyardClientError {
    name = "ApiError";
    status;
    type;
    code;
    param;
    requestId;
    executionId;
    /** From `Retry-After`, in milliseconds. */
    retryAfterMs;
    constructor(status, body, retryAfterMs) {
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
    name = "InvalidRequestError";
}
/** 401: the key is missing, malformed, unknown, revoked or expired. */
export class AuthenticationError extends ApiError {
    name = "AuthenticationError";
}
/** 403: the key lacks a scope. */
export class PermissionError extends ApiError {
    name = "PermissionError";
}
/** 404 and 410: no such object, or another organization's. */
export class NotFoundError extends ApiError {
    name = "NotFoundError";
}
/** 409: the object's state forbids the call. */
export class ConflictError extends ApiError {
    name = "ConflictError";
}
/** 429: too many requests, or the quota is used up; `retryAfterMs` says how long to wait. */
export class RateLimitError extends ApiError {
    name = "RateLimitError";
}
/** 5xx: the server, its model or one of its tools failed. */
export class ServerError extends ApiError {
    name = "ServerError";
}
/** Picks the class of an error answer by its status. */
export function apiError(status, body, retryAfterMs) {
    if (status === 401)
        return new AuthenticationError(status, body, retryAfterMs);
    if (status === 403)
        return new PermissionError(status, body, retryAfterMs);
    if (status === 404 || status === 410)
        return new NotFoundError(status, body, retryAfterMs);
    if (status === 409)
        return new ConflictError(status, body, retryAfterMs);
    if (status === 429)
        return new RateLimitError(status, body, retryAfterMs);
    if (status >= 500)
        return new ServerError(status, body, retryAfterMs);
    return new InvalidRequestError(status, body, retryAfterMs);
}
//# sourceMappingURL=errors.js.map