import type { OutboundRequest } from "./outbound.ts";

const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Where a response points to, when it is a redirect. */
export function redirectLocation(
  status: number,
  headers: Record<string, string | string[] | undefined>,
): string | undefined {
  if (!redirectStatuses.has(status)) return undefined;
  const location = headers.location;
  return typeof location === "string" ? location : undefined;
}

/** What one hop sends, its address aside. */
export type Hop = Pick<OutboundRequest, "body"> & { method: string; headers: Record<string, string> | undefined };

/**
 * The headers that may go along to another origin. A list of what passes rather than of what is dropped, because a
 * header that proves who we are can have any name.
 */
const headersForOtherOrigins: ReadonlySet<string> = new Set([
  "accept",
  "accept-language",
  "content-type",
  "traceparent",
  "tracestate",
  "user-agent",
]);

/**
 * The request that follows a redirect, method and body by the rules of browsers.
 * @see https://fetch.spec.whatwg.org/#http-redirect-fetch
 */
export function nextHop(hop: Hop, status: number, sameOrigin: boolean): Hop {
  const becomesGet =
    (status === 303 && hop.method !== "GET" && hop.method !== "HEAD") || (status < 303 && hop.method === "POST");
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(hop.headers ?? {})) {
    const lower = name.toLowerCase();
    if (!sameOrigin && !headersForOtherOrigins.has(lower)) continue;
    if (becomesGet && (lower.startsWith("content-") || lower === "transfer-encoding")) continue;
    headers[name] = value;
  }
  return becomesGet ? { method: "GET", headers, body: undefined } : { method: hop.method, headers, body: hop.body };
}
