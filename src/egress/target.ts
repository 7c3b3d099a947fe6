import { RunyardError } from "../contract/errors.ts";

/** A request's address, taken apart once. */
export interface Target {
  /** Scheme, host and port as the URL standard writes them. */
  origin: string;
  /** Path and query. */
  path: string;
  /** Name or address; an IPv6 address without brackets. */
  host: string;
  port: number;
}

/**
 * Reads an http or https URL. The URL standard turns every spelling of an IPv4 address (decimal, octal, hex, short,
 * full-width digits) into four decimal numbers, and refuses zone ids, so one check of `host` covers them all.
 * @throws RunyardError `address_refused` when it is no such URL, or carries a user name or password
 */
export function parseTarget(text: string): Target {
  const url = URL.parse(text);
  if (url === null) throw new RunyardError("address_refused", "Expected an http or https URL, got something else.");
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new RunyardError("address_refused", `Expected an http or https URL, got one of scheme "${url.protocol}".`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new RunyardError("address_refused", "A URL must not carry a user name or password; send a header instead.");
  }
  const bracketed = url.hostname.startsWith("[");
  return {
    origin: url.origin,
    path: url.pathname + url.search,
    host: bracketed ? url.hostname.slice(1, -1) : url.hostname,
    port: url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port),
  };
}

/** A host name without the dot that marks it as complete. */
export function comparableHost(host: string): string {
  const lower = host.toLowerCase();
  return lower.endsWith(".") ? lower.slice(0, -1) : lower;
}

/**
 * Names that mean this machine wherever they are asked, so they need no resolver to be refused.
 * @see https://datatracker.ietf.org/doc/html/rfc6761#section-6.3
 */
export function isLocalhostName(host: string): boolean {
  const name = comparableHost(host);
  return name === "localhost" || name.endsWith(".localhost");
}
