import { lookup } from "node:dns";
import type { Socket } from "node:net";
import { Agent, type Dispatcher, Pool } from "undici";
import { checkTarget, createGuardedConnector, type ResolveName } from "./address-guard.ts";
import { type AllowList, createAllowList } from "./allow-list.ts";
import { BoundedHandler } from "./bounded-handler.ts";
import { createGuardedConnect, type GuardedConnect } from "./guarded-connect.ts";
import { outboundFailure } from "./outbound-failure.ts";
import {
  type Outbound,
  type OutboundConnectOptions,
  OutboundError,
  type OutboundRequest,
  type OutboundResponse,
  type OutboundTarget,
} from "./outbound.ts";
import { type Hop, nextHop, redirectLocation } from "./redirect.ts";
import { parseTarget, type Target } from "./target.ts";

export interface OutboundOptions {
  /**
   * What passes besides public unicast: `host:port` or `host:*`, an IPv6 address in brackets. Base URLs that an operator
   * sets for models belong into the list of an `Outbound` of its own, which only the models are given.
   */
  allowedHosts?: readonly string[];
  /** Sockets to one origin; requests past it wait in line. Default: no limit. */
  maxSocketsPerOrigin?: number;
  /** Until a socket is open, TLS included. Default 10,000. */
  connectTimeoutMs?: number;
  /** How names are resolved. Default: the system's resolver. */
  resolveName?: ResolveName;
}

/**
 * Builds the way out. One instance keeps one set of keep-alive sockets; each socket's address was checked when it was
 * opened and serves one origin only, so a request on an open socket needs no new check. Disposing closes all sockets of
 * requests at once, those in use as well; a socket of `connect` belongs to its caller.
 * @throws RunyardError `invalid_field_value` for an entry of `allowedHosts` that cannot be read
 */
export function createOutbound(options: OutboundOptions = {}): Outbound & AsyncDisposable {
  return new GuardedOutbound(options);
}

const defaultTimeoutMs = 30_000;
const defaultMaxBodyBytes = 16 * 1024 * 1024;
/** Most requests go to the same few URLs; checking a URL anew costs about 2 µs. */
const maxKnownTargets = 512;

type BoundedOptions = Dispatcher.DispatchOptions & { maxBodyBytes?: number };

class GuardedAgent extends Agent {
  override dispatch(options: BoundedOptions, handler: Dispatcher.DispatchHandler): boolean {
    return super.dispatch(
      options,
      new BoundedHandler(handler, options.maxBodyBytes ?? defaultMaxBodyBytes, options.method),
    );
  }
}

class GuardedOutbound implements Outbound, AsyncDisposable {
  readonly #allowList: AllowList;
  readonly #agent: GuardedAgent;
  readonly #connect: GuardedConnect;
  readonly #targets = new Map<string, Target>();

  constructor(options: OutboundOptions) {
    const allowList = createAllowList(options.allowedHosts ?? []);
    this.#allowList = allowList;
    this.#connect = createGuardedConnect({ ...options, allowList });
    this.#agent = new GuardedAgent({
      connections: options.maxSocketsPerOrigin ?? null,
      factory: (origin, poolOptions) =>
        new Pool(origin, {
          ...poolOptions,
          connect: createGuardedConnector({
            target: parseTarget(String(origin)),
            allowList,
            resolveName: options.resolveName ?? lookup,
            connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
          }),
        }),
    });
  }

  async request(request: OutboundRequest): Promise<OutboundResponse> {
    let target = this.#checked(request.url);
    let response = await this.#send(target, request, request.method ?? "GET", request.headers, request.body);
    const maxRedirects = request.maxRedirects ?? 0;
    if (maxRedirects > 0) {
      let hop: Hop = { method: request.method ?? "GET", headers: request.headers, body: request.body };
      for (let hops = 1; ; hops += 1) {
        const location = redirectLocation(response.statusCode, response.headers);
        if (location === undefined) break;
        // Read to its end, so that the socket serves the next hop.
        await response.body.dump();
        if (hops > maxRedirects) {
          throw new OutboundError("other", `the response was a redirect more than ${maxRedirects} times`);
        }
        const next = this.#checked(URL.parse(location, target.origin + target.path)?.href ?? location);
        hop = nextHop(hop, response.statusCode, next.origin === target.origin);
        target = next;
        response = await this.#send(target, request, hop.method, hop.headers, hop.body);
      }
    }
    // Destroying a body that nobody reads emits an error; without a listener that would take the process down.
    response.body.on("error", () => undefined);
    return { status: response.statusCode, headers: response.headers, body: response.body };
  }

  connect(target: OutboundTarget, options?: OutboundConnectOptions): Promise<Socket> {
    return this.#connect(target, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#agent.destroyed) await this.#agent.destroy();
  }

  async #send(
    target: Target,
    request: OutboundRequest,
    method: string,
    headers: Record<string, string> | undefined,
    body: string | Uint8Array | undefined,
  ): Promise<Dispatcher.ResponseData> {
    const options: Dispatcher.RequestOptions & BoundedOptions = {
      origin: target.origin,
      path: target.path,
      method,
      headers,
      body,
      signal: request.signal,
      headersTimeout: request.headersTimeoutMs ?? defaultTimeoutMs,
      bodyTimeout: request.bodyTimeoutMs ?? defaultTimeoutMs,
      maxBodyBytes: request.maxBodyBytes ?? defaultMaxBodyBytes,
    };
    try {
      return await this.#agent.request(options);
    } catch (error) {
      if (request.signal?.aborted === true) throw request.signal.reason;
      throw outboundFailure(error);
    }
  }

  #checked(url: string): Target {
    const known = this.#targets.get(url);
    if (known !== undefined) return known;
    const target = parseTarget(url);
    checkTarget(target, this.#allowList);
    if (this.#targets.size === maxKnownTargets) this.#targets.clear();
    this.#targets.set(url, target);
    return target;
  }
}
