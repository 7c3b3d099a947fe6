import { lookup } from "node:dns";
import { once } from "node:events";
import { connect, isIP, type Socket } from "node:net";
import { addressRefused, createSocketGuard, type ResolveName } from "./address-guard.ts";
import { type AllowList, createAllowList } from "./allow-list.ts";
import { outboundFailure } from "./outbound-failure.ts";
import { type OutboundConnectOptions, OutboundError, type OutboundTarget } from "./outbound.ts";
import { isLocalhostName } from "./target.ts";

/** `Outbound.connect` by itself. */
export type GuardedConnect = (target: OutboundTarget, options?: OutboundConnectOptions) => Promise<Socket>;

/**
 * Builds what opens bare connections to checked addresses only. The host is taken as whoever asked wrote it, so that an
 * odd spelling of an address goes through the resolver and what comes out is checked.
 */
export function createGuardedConnect(options: {
  allowList: AllowList;
  /** Until the socket is open. Default 10,000. */
  connectTimeoutMs?: number;
  /** How names are resolved. Default: the system's resolver. */
  resolveName?: ResolveName;
}): GuardedConnect {
  const { connectTimeoutMs = 10_000, resolveName = lookup } = options;
  return async (target, { signal, alsoAllowed = [] } = {}) => {
    signal?.throwIfAborted();
    const allowList = joined(options.allowList, createAllowList(alsoAllowed));
    const guard = createSocketGuard({ target, allowList, resolveName });
    if (isRefusedAsWritten(target, allowList, guard.passes)) throw addressRefused(target.host, target.port);
    const timeout = AbortSignal.timeout(connectTimeoutMs);
    const socket = connect({ ...target, lookup: guard.lookup, autoSelectFamily: true });
    try {
      await once(socket, "connect", { signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]) });
      return socket;
    } catch (error) {
      socket.destroy();
      if (signal?.aborted === true) throw signal.reason;
      if (timeout.aborted) throw new OutboundError("timeout", "no connection came in time", { cause: error });
      throw outboundFailure(error);
    }
  };
}

function isRefusedAsWritten(
  target: OutboundTarget,
  allowList: AllowList,
  passes: (address: string) => boolean,
): boolean {
  if (isIP(target.host) !== 0) return !passes(target.host);
  return isLocalhostName(target.host) && !allowList.allows(target.host, target.port);
}

function joined(one: AllowList, other: AllowList): AllowList {
  return { allows: (host, port) => one.allows(host, port) || other.allows(host, port) };
}
