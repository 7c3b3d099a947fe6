import { isIP, type LookupFunction } from "node:net";
import { buildConnector } from "undici";
import { RunyardError } from "../contract/errors.ts";
import type { AllowList } from "./allow-list.ts";
import { isPublicAddress } from "./public-address.ts";
import { isLocalhostName, type Target } from "./target.ts";

/** Resolves a name to all its addresses; `dns.lookup` in production. */
export type ResolveName = (
  hostname: string,
  options: { all: true },
  callback: (error: Error | null, addresses: { address: string; family: number }[]) => void,
) => void;

/**
 * Refuses a target by what its URL says. A name passes here: what it resolves to is checked when a socket is opened.
 * @throws RunyardError `address_refused`
 */
export function checkTarget(target: Target, allowList: AllowList): void {
  if (allowList.allows(target.host, target.port)) return;
  if (isLocalhostName(target.host)) throw addressRefused(target.host, target.port);
  if (isIP(target.host) !== 0 && !isPublicAddress(target.host)) throw addressRefused(target.host, target.port);
}

/** What one socket may be opened to. */
export interface GuardOptions {
  target: Pick<Target, "host" | "port">;
  allowList: AllowList;
  resolveName: ResolveName;
}

/** The two checks of a socket's address; each is needed, because Node asks a lookup function for names alone. */
export interface SocketGuard {
  /** Whether an address that stands in the place of a name may be connected to. */
  passes(address: string): boolean;
  /** Resolves a name and gives the socket exactly the addresses that were checked; nothing is resolved a second time. */
  lookup: LookupFunction;
}

/** Every address that the target's name resolves to must pass, unless the name itself is allowed. */
export function createSocketGuard({ target, allowList, resolveName }: GuardOptions): SocketGuard {
  const nameAllowed = allowList.allows(target.host, target.port);
  const passes = (address: string) => nameAllowed || isPublicAddress(address) || allowList.allows(address, target.port);
  const lookup: LookupFunction = (hostname, lookupOptions, callback) => {
    resolveName(hostname, { all: true }, (error, addresses) => {
      const first = addresses?.[0];
      if (error !== null || first === undefined) {
        callback(error ?? new Error(`${hostname} has no address`), "");
      } else if (!addresses.every(({ address }) => passes(address))) {
        callback(addressRefused(target.host, target.port), "");
      } else if (lookupOptions.all === true) {
        callback(null, addresses);
      } else {
        callback(null, first.address, first.family);
      }
    });
  };
  return { passes, lookup };
}

/** Opens sockets for one origin of HTTP requests, to checked addresses only. */
export function createGuardedConnector(options: GuardOptions & { connectTimeoutMs: number }): buildConnector.connector {
  const { passes, lookup } = createSocketGuard(options);
  const connect = buildConnector({
    lookup,
    autoSelectFamily: true,
    timeout: options.connectTimeoutMs,
    // One stalled or dropped connection must not take other requests with it.
    allowH2: false,
  });
  return (connectOptions, callback) => {
    if (isIP(connectOptions.hostname) !== 0 && !passes(connectOptions.hostname)) {
      callback(addressRefused(options.target.host, options.target.port), null);
    } else {
      connect(connectOptions, callback);
    }
  };
}

/** The error of a target that is neither public nor allowed. */
export function addressRefused(host: string, port: number): RunyardError {
  return new RunyardError(
    "address_refused",
    `The address ${host.includes(":") ? `[${host}]` : host}:${port} is not on the public internet. ` +
      "If the server may call it, add it to RUNYARD_ALLOW_PRIVATE_NETWORK.",
  );
}
