import { Readable } from "node:stream";
import { RunyardError } from "../contract/errors.ts";
import type { Outbound, OutboundRequest, OutboundResponse } from "./outbound.ts";

export type FetchLike = typeof fetch;

const methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"] as const;

/**
 * The part of `fetch` that libraries use, over our one way out: text or bytes as the body, streamed answers, no redirects
 * (a key must not follow one).
 */
export function createOutboundFetch(
  outbound: Outbound,
  limits: Pick<OutboundRequest, "headersTimeoutMs" | "bodyTimeoutMs" | "maxBodyBytes">,
): FetchLike {
  return async (input, init) => {
    const request = input instanceof Request ? input : undefined;
    const signal = init?.signal ?? request?.signal;
    const response = await outbound.request({
      url: request?.url ?? String(input),
      method: readMethod(init?.method ?? request?.method ?? "GET"),
      headers: Object.fromEntries(new Headers(init?.headers ?? request?.headers)),
      body: await readBody(init?.body ?? undefined, request),
      signal: signal ?? undefined,
      ...limits,
    });
    return new Response(bodyOf(response), { status: response.status, headers: headersOf(response) });
  };
}

function readMethod(text: string): OutboundRequest["method"] {
  const method = methods.find((known) => known === text.toUpperCase());
  if (method === undefined) throw unusable(`the method ${text}`);
  return method;
}

async function readBody(body: unknown, request: Request | undefined): Promise<string | Uint8Array | undefined> {
  if (body === undefined) return request?.body ? new Uint8Array(await request.arrayBuffer()) : undefined;
  if (typeof body === "string" || body instanceof Uint8Array) return body;
  if (body instanceof URLSearchParams) return body.toString();
  if (body instanceof ArrayBuffer) return new Uint8Array(body);
  throw unusable("a body that is neither text nor bytes");
}

/** Statuses whose answer may have no body. @see https://fetch.spec.whatwg.org/#null-body-status */
const withoutBody: ReadonlySet<number> = new Set([204, 205, 304]);

function bodyOf({ status, body }: OutboundResponse): ReadableStream<Uint8Array> | null {
  if (withoutBody.has(status)) {
    body.destroy();
    return null;
  }
  return Readable.toWeb(body);
}

function headersOf(response: OutboundResponse): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(response.headers)) {
    if (value === undefined) continue;
    for (const one of typeof value === "string" ? [value] : value) headers.append(name, one);
  }
  return headers;
}

function unusable(what: string): RunyardError {
  return new RunyardError("internal_error", `A library asked to send ${what}, which is not sent.`);
}
