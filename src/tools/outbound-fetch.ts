import { Readable } from "node:stream";
import type { Outbound, OutboundRequest } from "../egress/outbound.ts";

export type OutboundFetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

const methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"] as const;

/**
 * A `fetch` for libraries that want one, made of `Outbound`, so that its guard and limits hold. Follows no redirect. Takes
 * what such libraries send: text bodies and plain headers.
 * @throws as `Outbound.request`
 */
export function createOutboundFetch(
  outbound: Outbound,
  limits: Pick<OutboundRequest, "headersTimeoutMs" | "bodyTimeoutMs" | "maxBodyBytes">,
): OutboundFetch {
  return async (url, init = {}) => {
    const method = methods.find((name) => name === (init.method ?? "GET").toUpperCase());
    if (method === undefined) throw new TypeError(`the method ${String(init.method)} is not supported`);
    if (init.body !== undefined && init.body !== null && typeof init.body !== "string") {
      throw new TypeError("expected a text body");
    }
    const response = await outbound.request({
      url: String(url),
      method,
      headers: Object.fromEntries(new Headers(init.headers)),
      ...(typeof init.body === "string" ? { body: init.body } : {}),
      ...(init.signal ? { signal: init.signal } : {}),
      ...limits,
    });
    const { status } = response;
    const hasBody = method !== "HEAD" && status !== 204 && status !== 205 && status !== 304;
    // Nobody reads it, so nobody hears of its failure either.
    if (!hasBody) response.body.on("error", () => {}).resume();
    const body = hasBody ? Readable.toWeb(response.body) : null;
    return new Response(body, { status, headers: copyHeaders(response.headers) });
  };
}

function copyHeaders(headers: Record<string, string | string[] | undefined>): Headers {
  const copy = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item !== undefined) copy.append(name, item);
    }
  }
  return copy;
}
