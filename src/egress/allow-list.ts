import { isIP } from "node:net";
import { RunyardError } from "../contract/errors.ts";
import { canonicalAddress } from "./public-address.ts";
import { comparableHost, parseTarget } from "./target.ts";

/** Hosts that the operator lets through although they are not public. */
export interface AllowList {
  /** `host` is a name or an address, without brackets. */
  allows(host: string, port: number): boolean;
}

/**
 * Reads entries like `internal.example:8080`, `10.0.0.5:*` and `[fd00::1]:443`. A name allows whatever it resolves to;
 * an address is allowed under any name that resolves to it.
 * @throws RunyardError `invalid_field_value` that names the entry that cannot be read
 */
export function createAllowList(entries: readonly string[]): AllowList {
  const allowed = new Set(entries.map(readEntry));
  return {
    allows(host, port) {
      if (allowed.size === 0) return false;
      const key = isIP(host) === 0 ? comparableHost(host) : canonicalAddress(host);
      return allowed.has(`${key} ${port}`) || allowed.has(`${key} *`);
    },
  };
}

function readEntry(entry: string): string {
  const match = /^(?<host>\[[^\]]+\]|[^:[\]/@?#*]+):(?<port>\*|\d{1,5})$/.exec(entry.trim());
  const host = match?.groups?.host;
  const port = match?.groups?.port;
  if (host === undefined || port === undefined || Number(port) > 65_535) throw unreadable(entry);
  try {
    // The URL parser brings every spelling of a host to the one that requests will have.
    const target = parseTarget(`http://${host}/`);
    const key = isIP(target.host) === 0 ? comparableHost(target.host) : canonicalAddress(target.host);
    return `${key} ${port === "*" ? port : Number(port)}`;
  } catch {
    throw unreadable(entry);
  }
}

function unreadable(entry: string): RunyardError {
  return new RunyardError(
    "invalid_field_value",
    `Expected host:port, host:* or [address]:port in the list of allowed hosts, got "${entry}".`,
  );
}

/**
 * The allow-list entry for an address that the operator set, such as the base URL of a model provider.
 * @throws RunyardError `address_refused` when it is no http or https URL
 */
export function allowedHostOf(baseUrl: string): string {
  const target = parseTarget(baseUrl);
  return `${target.host.includes(":") ? `[${target.host}]` : target.host}:${target.port}`;
}
