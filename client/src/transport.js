import { apiError, ApiError, ConnectionError } from "./errors.js";
import { pause } from "./pause.js";
/** Sends requests to one server: authentication, retries, error answers as typed errors. */
export class Transport {
    #base;
    #options;
    constructor(options) {
        this.#base = options.url.replace(/\/+$/, "");
        this.#options = options;
    }
    /** Sends a call and reads its JSON answer. */
    async json(call) {
        const response = await this.send(call);
        try {
            // The one place where the server's word is taken for the shape of an answer.
            const body = JSON.parse(await response.text());
            return body;
        }
        catch (cause) {
            throw new ConnectionError(`The answer of ${call.method} ${call.path} broke off or is not JSON.`, { cause });
        }
    }
    /**
     * Sends a call and resolves with a successful answer, its body unread.
     * @throws ConnectionError when no answer came; ApiError for every answer that is not 2xx
     */
    async send(call) {
        const isForm = call.body instanceof FormData;
        const headers = new Headers(call.headers);
        if (this.#options.apiKey !== undefined)
            headers.set("Authorization", `Bearer ${this.#options.apiKey}`);
        if (call.body !== undefined && !isForm)
            headers.set("Content-Type", "application/json");
        if (call.method === "POST" && !isForm)
            headers.set("Idempotency-Key", call.idempotencyKey ?? randomKey());
        const body = call.body instanceof FormData ? call.body : call.body === undefined ? undefined : JSON.stringify(call.body);
        const maxTries = isForm ? 1 : 1 + (this.#options.maxRetries ?? 2);
        for (let tried = 1;; tried += 1) {
            try {
                return await this.#sendOnce(call, headers, body);
            }
            catch (error) {
                const waitMs = retryDelayMs(error, tried, maxTries);
                if (waitMs === undefined)
                    throw error;
                await pause(waitMs, call.signal);
            }
        }
    }
    async #sendOnce(call, headers, body) {
        const url = new URL(this.#base + call.path);
        for (const [name, value] of Object.entries(call.query ?? {})) {
            if (value !== undefined)
                url.searchParams.set(name, String(value));
        }
        let response;
        try {
            const send = this.#options.fetch ?? fetch;
            response = await send(url, {
                method: call.method,
                headers,
                ...(body === undefined ? {} : { body }),
                ...(call.signal === undefined ? {} : { signal: call.signal }),
                // A redirect would carry the key to wherever it points.
                redirect: "error",
            });
        }
        catch (cause) {
            call.signal?.throwIfAborted();
            throw new ConnectionError(`No answer from ${url.origin}: ${reasonOf(cause)}.`, { cause });
        }
        if (response.ok)
            return response;
        throw await readError(response);
    }
}
/** A name for a request that no other request has. */
export function randomKey() {
    // `randomUUID` is missing from pages served over plain HTTP, `getRandomValues` is not.
    return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
function retryDelayMs(error, tried, maxTries) {
    const backoffMs = Math.min(250 * 2 ** (tried - 1), 5_000) * (0.5 + Math.random() / 2);
    // Our own first try still runs at the server: its answer is worth any number of questions.
    if (error instanceof ApiError && error.code === "idempotency_in_progress")
        return error.retryAfterMs ?? 1_000;
    if (tried >= maxTries)
        return undefined;
    if (error instanceof ConnectionError)
        return backoffMs;
    if (error instanceof ApiError && (error.status === 429 || error.status === 503)) {
        if (error.code === "quota_exceeded")
            return undefined;
        const waitMs = error.retryAfterMs ?? backoffMs;
        return waitMs <= 60_000 ? waitMs : undefined;
    }
    return undefined;
}
async function readError(response) {
    const text = await response.text().catch(() => "");
    const seconds = Number(response.headers.get("Retry-After") ?? "");
    const retryAfterMs = seconds > 0 ? seconds * 1_000 : undefined;
    return apiError(response.status, readErrorBody(text) ?? foreignError(response, text), retryAfterMs);
}
function readErrorBody(text) {
    try {
        const body = JSON.parse(text);
        const error = body?.error;
        if (typeof error?.message !== "string" || typeof error.code !== "string")
            return undefined;
        return { ...error, type: error.type ?? "", code: error.code, message: error.message };
    }
    catch {
        return undefined;
    }
}
/** An error that Runyard did not write: a proxy in between, or another server at that address. */
function foreignError(response, text) {
    const start = text.slice(0, 200).trim();
    const message = `Status ${response.status} without Runyard's error body${start === "" ? "" : `: ${start}`}`;
    return { type: "unknown", code: "unknown", message };
}
function reasonOf(cause) {
    if (!(cause instanceof Error))
        return String(cause);
    const inner = cause.cause;
    if (!(inner instanceof Error))
        return cause.message;
    const code = "code" in inner && typeof inner.code === "string" ? inner.code : "";
    return inner.message === "" ? code || cause.message : inner.message;
}
//# sourceMappingURL=transport.js.map