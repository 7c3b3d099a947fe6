import type { IncomingMessage, ServerResponse } from "node:http";
import type { FastifyReply } from "fastify";
import type { LogReader } from "../contract/log.ts";
import { EventStreamReader, type EventStreamView } from "./event-stream-reader.ts";

export interface EventStreamOptions {
  /** Silence after which a comment keeps the connection open. Default 15,000. */
  heartbeatMs?: number;
  /** What may wait unsent for one reader. Default 128 KiB. */
  maxBufferedBytes?: number;
  /** How long a reader with a full buffer may take nothing before it is closed. Default 30,000. */
  stallMs?: number;
  /** Epoch milliseconds. */
  now?: () => number;
  /** Calls `tick` every `everyMs` until the returned function is called. */
  every?: (tick: () => void, everyMs: number) => () => void;
  /** Told of a log that broke in the middle of a stream; the reader is cut off and can resume. */
  onFault?: (error: unknown) => void;
}

export interface EventStreamRequest<C> extends EventStreamView<C> {
  headers?: Record<string, string>;
}

/** An open stream, whatever it shows. */
type OpenStream = Omit<EventStreamReader<unknown>, keyof LogReader>;

/**
 * All open event streams of the server.
 *
 * A stream follows its log and writes straight to the socket; a slow reader takes less at a time, and one that has stopped
 * reading is closed after `stallMs`, with at most `maxBufferedBytes` in memory until then. Nobody loses anything: a reader
 * comes back with the number of the last event it has seen. One timer serves all streams.
 */
export class EventStreams {
  readonly #readers = new Set<OpenStream>();
  readonly #options: Required<Omit<EventStreamOptions, "every">>;
  readonly #stopTicking: () => void;
  #draining = false;

  constructor(options: EventStreamOptions = {}) {
    this.#options = {
      heartbeatMs: options.heartbeatMs ?? 15_000,
      maxBufferedBytes: options.maxBufferedBytes ?? 128 * 1024,
      stallMs: options.stallMs ?? 30_000,
      now: options.now ?? Date.now,
      onFault: options.onFault ?? (() => undefined),
    };
    const tickMs = Math.min(1000, this.#options.heartbeatMs);
    this.#stopTicking = (options.every ?? everyUnreferenced)(() => this.#tick(tickMs), tickMs);
  }

  /** How many streams are open. */
  get size(): number {
    return this.#readers.size;
  }

  /** How many readers have stopped reading for the moment. */
  get stalled(): number {
    let count = 0;
    for (const reader of this.#readers) if (reader.stalledSince !== undefined) count += 1;
    return count;
  }

  /** What waits unsent in this process for all readers together. */
  get bufferedBytes(): number {
    let bytes = 0;
    for (const reader of this.#readers) bytes += reader.bufferedBytes;
    return bytes;
  }

  /**
   * Takes the reply over and streams until the log ends, the reader leaves or the server drains. Returns at once. What
   * belongs to the request may be forgotten while the stream is open, and its headers are.
   */
  send<C>(reply: FastifyReply, request: EventStreamRequest<C>): void {
    reply.hijack();
    const response = reply.raw;
    holdForThisTurn(response);
    response.writeHead(200, {
      ...definedHeaders(reply.getHeaders()),
      ...request.headers,
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache, no-transform",
      "x-accel-buffering": "no",
    });
    response.flushHeaders();
    if (this.#draining || response.destroyed || response.socket?.destroyed === true) {
      response.end();
      return;
    }
    forgetHead(reply.request.raw);
    const reader = new EventStreamReader(response, request, this.#options);
    this.#readers.add(reader);
    response.on("close", () => {
      this.#readers.delete(reader);
      reader.leave();
    });
    reader.start();
  }

  /** Ends all streams and refuses to keep new ones open; readers resume elsewhere with their last event number. */
  drain(): void {
    this.#draining = true;
    for (const reader of this.#readers) {
      if (reader.stalledSince === undefined) reader.close();
      else reader.cut();
    }
  }

  [Symbol.dispose](): void {
    this.drain();
    this.#stopTicking();
  }

  #tick(tickMs: number): void {
    const now = this.#options.now();
    // Streams that opened together fall silent together; their heartbeats are spread over the ticks of one period.
    let heartbeatsLeft = Math.max(200, Math.ceil((1.5 * this.#readers.size * tickMs) / this.#options.heartbeatMs));
    for (const reader of this.#readers) {
      if (reader.stalledSince !== undefined) {
        if (now - reader.stalledSince >= this.#options.stallMs) reader.cut();
      } else if (
        heartbeatsLeft > 0 &&
        now - reader.lastWriteAt >= (reader.heartbeat?.everyMs ?? this.#options.heartbeatMs)
      ) {
        heartbeatsLeft -= 1;
        reader.write(reader.heartbeat?.frame ?? heartbeat);
      }
    }
  }
}

const heartbeat = Buffer.from(": ping\n\n");

/**
 * What is written in this turn of the event loop leaves at its end, as one packet, and behind what the turn sends to
 * others: of a stream that begins with its execution, the call of the model goes first.
 */
function holdForThisTurn({ socket }: ServerResponse): void {
  if (socket === null) return; // an earlier response holds the connection; nothing is sent before its end
  socket.cork();
  setImmediate(() => socket.uncork());
}

const noHeaders = Object.freeze({});

/** Clients send kilobytes of headers. */
function forgetHead(request: IncomingMessage): void {
  request.headers = noHeaders;
  request.rawHeaders = [];
}

function definedHeaders(headers: Record<string, number | string | string[] | undefined>): Record<string, string> {
  const defined: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) defined[name] = String(value);
  return defined;
}

function everyUnreferenced(tick: () => void, everyMs: number): () => void {
  const timer = setInterval(tick, everyMs).unref();
  return () => clearInterval(timer);
}
