import { type ApiErrorBody, apiError, ApiError, ConnectionError } from "./errors.ts";
import { pause } from "./pause.ts";

export interface ClientOptions {
  /** Where the server is, without `/v1`: `http://127.0.0.1:8787`. A path prefix is kept. */
  url: string;
  apiKey?: string;
  /** Tries after the first, for what may safely be sent again. Default 2. */
  maxRetries?: number;
  /** Replaces the global `fetch`. */
  fetch?: typeof fetch;
}

export type Query = { [name: string]: string | number | boolean | undefined };

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
export class Transport {
  readonly #base: string;
  readonly #options: ClientOptions;

  constructor(options: ClientOptions) {
    this.#base = options.url.replace(/\/+$/, "");
    this.#options = options;
  }

  /** Sends a call and reads its JSON answer. */
  async json<T>(call: Call): Promise<T> {
    const response = await this.send(call);
    try {
      // The one place where the server's word is taken for the shape of an answer.
      const body: T = JSON.parse(await response.text());
      return body;
    } catch (cause) {
      throw new ConnectionError(`The answer of ${call.method} ${call.path} broke off or is not JSON.`, { cause });
    }
  }

  /**
   * Sends a call and resolves with a successful answer, its body unread.
   * @throws ConnectionError when no answer came; ApiError for every answer that is not 2xx
   */
  async send(call: Call): Promise<Response> {
    const isForm = call.body instanceof FormData;
    const headers = new Headers(call.headers);
    if (this.#options.apiKey !== undefined) headers.set("Authorization", `Bearer ${this.#options.apiKey}`);
    if (call.body !== undefined && !isForm) headers.set("Content-Type", "application/json");
    if (call.method === "POST" && !isForm) headers.set("Idempotency-Key", call.idempotencyKey ?? randomKey());
    const body =
      call.body instanceof FormData ? call.body : call.body === undefined ? undefined : JSON.stringify(call.body);
    const maxTries = isForm ? 1 : 1 + (this.#options.maxRetries ?? 2);
    for (let tried = 1; ; tried += 1) {
      try {
        return await this.#sendOnce(call, headers, body);
      } catch (error) {
        const waitMs = retryDelayMs(error, tried, maxTries);
        if (waitMs === undefined) throw error;
        await pause(waitMs, call.signal);
      }
    }
  }

  async #sendOnce(call: Call, headers: Headers, body: string | FormData | undefined): Promise<Response> {
    const url = new URL(this.#base + call.path);
    for (const [name, value] of Object.entries(call.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    let response: Response;
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
    } catch (cause) {
      call.signal?.throwIfAborted();
      throw new ConnectionError(`No answer from ${url.origin}: ${reasonOf(cause)}.`, { cause });
    }
    if (response.ok) return response;
    throw await readError(response);
  }
}

/** A name for a request that no other request has. */
export function randomKey(): string {
  // `randomUUID` is missing from pages served over plain HTTP, `getRandomValues` is not.
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function retryDelayMs(error: unknown, tried: number, maxTries: number): number | undefined {
  const backoffMs = Math.min(250 * 2 ** (tried - 1), 5_000) * (0.5 + Math.random() / 2);
  // Our own first try still runs at the server: its answer is worth any number of questions.
  if (error instanceof ApiError && error.code === "idempotency_in_progress") return error.retryAfterMs ?? 1_000;
  if (tried >= maxTries) return undefined;
  if (error instanceof ConnectionError) return backoffMs;
  if (error instanceof ApiError && (error.status === 429 || error.status === 503)) {
    return isSoonOver(error) ? (error.retryAfterMs ?? backoffMs) : undefined;
  }
  return undefined;
}

/** Whether what refused a call is over within a minute, as far as the server says: a quota is not, nor a day's limit. */
export function isSoonOver({ code, retryAfterMs = 0 }: ApiError): boolean {
  return code !== "quota_exceeded" && retryAfterMs <= 60_000;
}

async function readError(response: Response): Promise<ApiError> {
  const text = await response.text().catch(() => "");
  const seconds = Number(response.headers.get("Retry-After") ?? "");
  const retryAfterMs = seconds > 0 ? seconds * 1_000 : undefined;
  return apiError(response.status, readErrorBody(text) ?? foreignError(response, text), retryAfterMs);
}

function readErrorBody(text: string): ApiErrorBody | undefined {
  try {
    const body: { error?: Partial<ApiErrorBody> } | null = JSON.parse(text);
    const error = body?.error;
    if (typeof error?.message !== "string" || typeof error.code !== "string") return undefined;
    return { ...error, type: error.type ?? "", code: error.code, message: error.message };
  } catch {
    return undefined;
  }
}

/** An error that Runyard did not write: a proxy in between, or another server at that address. */
function foreignError(response: Response, text: string): ApiErrorBody {
  const start = text.slice(0, 200).trim();
  const message = `Status ${response.status} without Runyard's error body${start === "" ? "" : `: ${start}`}`;
  return { type: "unknown", code: "unknown", message };
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const inner = cause.cause;
  if (!(inner instanceof Error)) return cause.message;
  const code = "code" in inner && typeof inner.code === "string" ? inner.code : "";
  return inner.message === "" ? code || cause.message : inner.message;
}
