export interface ClientOptions {
    /** Where the server is, without `/v1`: `http://127.0.0.1:8787`. A path prefix is kept. */
    url: string;
    apiKey?: string;
    /** Tries after the first, for what may safely be sent again. Default 2. */
    maxRetries?: number;
    /** Replaces the global `fetch`. */
    fetch?: typeof fetch;
}
export type Query = {
    [name: string]: string | number | boolean | undefined;
};
export interface Call {
    method: "GET" | "POST" | "PATCH" | "DELETE";
    path: string;
    query?: Query;
    /** Sent as JSON; a `FormData` as it is, and then never sent twice. */
    body?: unknown;
    headers?: Record<string, string>;
    signal?: AbortSignal;
    /** Names this request, so that it can be sent again without a second effect. Every POST of JSON gets one. */
    idempotencyKey?: string;
}
/** Sends requests to one server: authentication, retries, error answers as typed errors. */
export declare class Transport {
    #private;
    constructor(options: ClientOptions);
    /** Sends a call and reads its JSON answer. */
    json<T>(call: Call): Promise<T>;
    /**
     * Sends a call and resolves with a successful answer, its body unread.
     * @throws ConnectionError when no answer came; ApiError for every answer that is not 2xx
     */
    send(call: Call): Promise<Response>;
}
/** A name for a request that no other request has. */
export declare function randomKey(): string;
