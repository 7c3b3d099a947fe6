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
  type OutboundExchange,
  type OutboundReceiver,
  type OutboundRequest,
  type OutboundResponse,
  type OutboundTarget,
} from "./outbound.ts";
import { ReceivingExchange } from "./receiving-exchange.ts";
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
    let hop = firstHop(request);
    let response = await this.#send(target, hop, request);
    const maxRedirects = request.maxRedirects ?? 0;
    for (let hops = 1; ; hops += 1) {
      const location = maxRedirects === 0 ? undefined : redirectLocation(response.statusCode, response.headers);
      if (location === undefined) break;
      // Read to its end, so that the socket serves the next hop.
      await response.body.dump();
      if (hops > maxRedirects) {
        throw new OutboundError("other", `the response was a redirect more than ${maxRedirects} times`);
      }
      const next = this.#checked(URL.parse(location, target.origin + target.path)?.href ?? location);
      hop = nextHop(hop, response.statusCode, next.origin === target.origin);
      target = next;
      response = await this.#send(target, hop, request);
    }
    // Destroying a body that nobody reads emits an error; without a listener that would take the process down.
    response.body.on("error", () => undefined);
    return { status: response.statusCode, headers: response.headers, body: response.body };
  }

  receive(request: Omit<OutboundRequest, "maxRedirects">, receiver: OutboundReceiver): OutboundExchange {
    const exchange = new ReceivingExchange(receiver, request.signal);
    try {
      request.signal?.throwIfAborted();
      const target = this.#checked(request.url);
      this.#agent.dispatch(dispatchOptions(target, firstHop(request), request), exchange);
    } catch (error) {
      exchange.fail(failureOf(request, error));
    }
    return exchange;
  }

  connect(target: OutboundTarget, options?: OutboundConnectOptions): Promise<Socket> {
    return this.#connect(target, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#agent.destroyed) await this.#agent.destroy();
  }

  async #send(target: Target, hop: Hop, request: OutboundRequest): Promise<Dispatcher.ResponseData> {
    try {
      return await this.#agent.request({ ...dispatchOptions(target, hop, request), signal: request.signal });
    } catch (error) {
      throw failureOf(request, error);
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

function firstHop({ method = "GET", headers, body }: OutboundRequest): Hop {
  return { method, headers, body };
}

function dispatchOptions(target: Target, { method, headers, body }: Hop, limits: OutboundRequest): BoundedOptions {
  return {
    origin: target.origin,
    path: target.path,
    method,
    headers,
    body,
    headersTimeout: limits.headersTimeoutMs ?? defaultTimeoutMs,
    bodyTimeout: limits.bodyTimeoutMs ?? defaultTimeoutMs,
    maxBodyBytes: limits.maxBodyBytes ?? defaultMaxBodyBytes,
  };
}

function failureOf({ signal }: OutboundRequest, error: unknown): unknown {
  return signal?.aborted === true ? signal.reason : outboundFailure(error);
}
