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

/**
 * Opens sockets for one origin, to checked addresses only. A name is resolved here, every address it resolves to must
 * pass, and the socket is given exactly these addresses; nothing is resolved a second time. Node asks a lookup function
 * for names alone, so an address in the place of the name is checked before.
 */
export function createGuardedConnector(options: {
  target: Pick<Target, "host" | "port">;
  allowList: AllowList;
  resolveName: ResolveName;
  connectTimeoutMs: number;
}): buildConnector.connector {
  const { target, allowList, resolveName } = options;
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

  const connect = buildConnector({
    lookup,
    autoSelectFamily: true,
    timeout: options.connectTimeoutMs,
    // One stalled or dropped connection must not take other requests with it.
    allowH2: false,
  });
  return (connectOptions, callback) => {
    if (isIP(connectOptions.hostname) !== 0 && !passes(connectOptions.hostname)) {
      callback(addressRefused(target.host, target.port), null);
    } else {
      connect(connectOptions, callback);
    }
  };
}

function addressRefused(host: string, port: number): RunyardError {
  return new RunyardError(
    "address_refused",
    `The address ${host.includes(":") ? `[${host}]` : host}:${port} is not on the public internet. ` +
      "If the server may call it, add it to RUNYARD_ALLOW_PRIVATE_NETWORK.",
  );
}
