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
export declare class RunyardClientError extends Error {
    name: string;
}
/** No answer, or only part of one: nothing listens there, the name is unknown, the connection broke. */
export declare class ConnectionError extends RunyardClientError {
    name: string;
}
/** The server answered with an error. `instanceof` a subclass, or switch on `code`. */
export declare class ApiError extends RunyardClientError {
    name: string;
    readonly status: number;
    readonly type: string;
    readonly code: string;
    readonly param: string | undefined;
    readonly requestId: string | undefined;
    readonly executionId: string | undefined;
    /** From `Retry-After`, in milliseconds. */
    readonly retryAfterMs: number | undefined;
    constructor(status: number, body: ApiErrorBody, retryAfterMs?: number);
}
/** 400, 413, 415, 422: the request has to be changed. */
export declare class InvalidRequestError extends ApiError {
    name: string;
}
/** 401: the key is missing, malformed, unknown, revoked or expired. */
export declare class AuthenticationError extends ApiError {
    name: string;
}
/** 403: the key lacks a scope. */
export declare class PermissionError extends ApiError {
    name: string;
}
/** 404 and 410: no such object, or another organization's. */
export declare class NotFoundError extends ApiError {
    name: string;
}
/** 409: the object's state forbids the call. */
export declare class ConflictError extends ApiError {
    name: string;
}
/** 429: too many requests, or the quota is used up; `retryAfterMs` says how long to wait. */
export declare class RateLimitError extends ApiError {
    name: string;
}
/** 5xx: the server, its model or one of its tools failed. */
export declare class ServerError extends ApiError {
    name: string;
}
/** Picks the class of an error answer by its status. */
export declare function apiError(status: number, body: ApiErrorBody, retryAfterMs?: number): ApiError;
