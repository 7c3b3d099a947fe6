import type { Socket } from "node:net";
import type { Readable } from "node:stream";

/**
 * The one way out of the process. Every outbound request of the product goes through an `Outbound`; nothing else
 * opens a connection.
 */
export interface Outbound {
  /**
   * Sends one request and resolves when the response head is there. The address is checked as written and again at
   * connect time, for each redirect hop.
   * @throws RunyardError `address_refused` when the target is not public unicast and not allowed by setting;
   *   an `OutboundError` for everything that went wrong on the way (refused, reset, timed out, too large), which the
   *   body emits as well when it happens there; the signal's own reason when it aborts
   */
  request(request: OutboundRequest): Promise<OutboundResponse>;
  /**
   * Sends one request and tells `receiver` of its response while it comes, with no stream between: for answers of many
   * small pieces, where a stream costs as much as the request. Checks and limits are those of `request`, and so are the
   * errors, all of which go to the receiver. Redirects are not followed.
   */
  receive(request: Omit<OutboundRequest, "maxRedirects">, receiver: OutboundReceiver): OutboundExchange;
  /**
   * Opens a bare connection for a program that speaks for itself, such as one in a sandbox. A name is resolved here, each
   * of its addresses is checked, and the socket goes to a checked one.
   * @throws as `request`: `address_refused`, an `OutboundError`, the signal's reason
   */
  connect(target: OutboundTarget, options?: OutboundConnectOptions): Promise<Socket>;
}

export interface OutboundTarget {
  /** Name or address; an IPv6 address without brackets. */
  host: string;
  port: number;
}

export interface OutboundConnectOptions {
  signal?: AbortSignal;
  /** `host:port` entries, as `createOutbound` takes them, that pass for this connection besides. Only what an operator set. */
  alsoAllowed?: readonly string[];
}

export interface OutboundRequest {
  url: string;
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD";
  headers?: Record<string, string>;
  body?: string | Uint8Array;
  signal?: AbortSignal;
  /** From the request being written to the response head being there. Default 30,000. */
  headersTimeoutMs?: number;
  /** Between two chunks of the body. Default 30,000. */
  bodyTimeoutMs?: number;
  /** The body is cut with an `OutboundError` past this many bytes. Default 16 MiB; Infinity for streams. */
  maxBodyBytes?: number;
  /**
   * How many redirects to follow; default 0, so that a 3xx is returned as it is. One more is an `OutboundError`.
   * Only headers that prove nothing (`accept`, `content-type`, …) go along to another origin.
   */
  maxRedirects?: number;
}

export interface OutboundResponse {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  /** Unread; whoever takes the response reads it to its end or destroys it. */
  body: Readable;
}

/** Told of one response in this order; `onEnd` or `onError` comes last, once. */
export interface OutboundReceiver {
  onHead(status: number, headers: OutboundResponse["headers"]): void;
  /** The bytes are the receiver's to keep. */
  onData(chunk: Buffer): void;
  onEnd(): void;
  /** @param error as `request` throws it */
  onError(error: unknown): void;
}

/** A request that is under way. */
export interface OutboundExchange {
  /** To be called within `onData`; its chunk is the last until `resume`. */
  pause(): void;
  /** Not to be called within `onData`, unless it undoes a `pause` of the same chunk. */
  resume(): void;
  /** Breaks off. The receiver is told nothing more. */
  abort(): void;
}

/** A request that got no whole response. All are worth another try, except that the caller knows better. */
export class OutboundError extends Error {
  readonly reason: "refused" | "reset" | "timeout" | "too-large" | "dns" | "tls" | "other";
  constructor(reason: OutboundError["reason"], message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "OutboundError";
    this.reason = reason;
  }
}
