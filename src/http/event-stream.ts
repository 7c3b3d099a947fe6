import type { ServerResponse } from "node:http";
import type { FastifyReply } from "fastify";
import type { StoredEvent } from "../contract/events.ts";
import { abortOnLeave } from "./client-leave.ts";
import type { FrameCache } from "./frame-cache.ts";

export interface EventStreamOptions {
  /** Silence after which a comment keeps the connection open. Default 15,000. */
  heartbeatMs?: number;
  /** What may wait unsent for one reader. Default 128 KiB. */
  maxBufferedBytes?: number;
  /** How long a reader with a full buffer may take nothing before it is closed. Default 30,000. */
  stallMs?: number;
  /** How long such a reader keeps what was read of the log ahead of it; then that is read again. Default 2,000. */
  letGoMs?: number;
  /** Epoch milliseconds. */
  now?: () => number;
  /** Calls `tick` every `everyMs` until the returned function is called. */
  every?: (tick: () => void, everyMs: number) => () => void;
  /** Told of a log that broke in the middle of a stream; the reader is cut off and can resume. */
  onFault?: (error: unknown) => void;
}

export interface EventStreamRequest<C> {
  batches: AsyncIterable<readonly StoredEvent[]>;
  /** The log again from behind the number `after`, for a reader that went on after its `batches` were let go. */
  resume?: (after: number) => Promise<AsyncIterable<readonly StoredEvent[]>>;
  /** Aborted when the reader leaves or the server drains. It must be the one that `batches` listens to. */
  controller: AbortController;
  frames: FrameCache<C>;
  context: C;
  headers?: Record<string, string>;
  /** What keeps this connection open in silence, instead of the comment; one object for all streams of a kind. */
  heartbeat?: Heartbeat;
  /**
   * The last frame, made once the log has ended by itself.
   * @param last the last event of the log, undefined when there was none after the reader's cursor
   */
  finish?: (last: StoredEvent | undefined) => Promise<string | undefined>;
}

export interface Heartbeat {
  frame: Buffer;
  everyMs: number;
}

/**
 * All open event streams of the server.
 *
 * A stream pulls batches from its log and writes them straight to the socket; a slow reader slows its own pull down, and
 * one that has stopped reading is closed after `stallMs` with at most `maxBufferedBytes` in memory: the page of the log that
 * it was given is let go before, for the page may be several times as large. Nobody loses anything: a reader comes back with the number of the last event it has seen. One timer serves all streams.
 */
export class EventStreams {
  readonly #readers = new Set<Reader>();
  readonly #options: Required<Omit<EventStreamOptions, "every">>;
  readonly #stopTicking: () => void;
  #draining = false;

  constructor(options: EventStreamOptions = {}) {
    this.#options = {
      heartbeatMs: options.heartbeatMs ?? 15_000,
      maxBufferedBytes: options.maxBufferedBytes ?? 128 * 1024,
      stallMs: options.stallMs ?? 30_000,
      letGoMs: options.letGoMs ?? 2_000,
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
   * Takes the reply over and streams until the log ends, the reader leaves or the server drains. Returns at once: what
   * belongs to the request may be forgotten while the stream is open.
   */
  send<C>(reply: FastifyReply, request: EventStreamRequest<C>): void {
    reply.hijack();
    const response = reply.raw;
    abortOnLeave(response, request.controller);
    if (this.#draining) request.controller.abort();
    holdForThisTurn(response);
    response.writeHead(200, {
      ...definedHeaders(reply.getHeaders()),
      ...request.headers,
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache, no-transform",
      "x-accel-buffering": "no",
    });
    response.flushHeaders();
    const reader = new Reader(response, request.controller, this.#options, request.heartbeat);
    this.#readers.add(reader);
    void this.#pump(reader, request);
  }

  /** Ends all streams and refuses to keep new ones open; readers resume elsewhere with their last event number. */
  drain(): void {
    this.#draining = true;
    for (const reader of this.#readers) {
      reader.controller.abort();
      if (reader.stalledSince !== undefined) reader.cut();
    }
  }

  [Symbol.dispose](): void {
    this.drain();
    this.#stopTicking();
  }

  async #pump<C>(reader: Reader, request: EventStreamRequest<C>): Promise<void> {
    const { signal } = reader.controller;
    try {
      let copied = await this.#copy(reader, request, request.batches);
      let { last } = copied;
      while (copied.letGoAfter !== undefined && request.resume !== undefined) {
        await reader.drained("hold");
        if (signal.aborted) break;
        copied = await this.#copy(reader, request, await request.resume(copied.letGoAfter));
        last = copied.last ?? last;
      }
      if (!signal.aborted && request.finish !== undefined) {
        const frame = await request.finish(last);
        if (frame !== undefined) reader.write(Buffer.from(frame));
      }
      reader.end();
    } catch (error) {
      if (signal.aborted) {
        reader.end();
      } else {
        this.#options.onFault(error);
        reader.cut();
      }
    } finally {
      this.#readers.delete(reader);
    }
  }

  /**
   * Copies a log to a reader until the log ends, or until it is let go behind the number `letGoAfter`. A function of its
   * own, because what it holds is kept in memory for as long as it runs.
   */
  async #copy<C>(
    reader: Reader,
    { frames, context, resume }: EventStreamRequest<C>,
    batches: AsyncIterable<readonly StoredEvent[]>,
  ): Promise<{ last: StoredEvent | undefined; letGoAfter?: number }> {
    const { signal } = reader.controller;
    let last: StoredEvent | undefined;
    for await (const batch of batches) {
      if (signal.aborted) break;
      for (const { bytes, lastSeq } of frames.chunks(batch, context)) {
        const isHeld = reader.write(bytes) || (await reader.drained(resume === undefined ? "hold" : "let-go"));
        if (signal.aborted) break;
        if (!isHeld) return { last, letGoAfter: lastSeq };
      }
      last = batch.at(-1) ?? last;
    }
    return { last };
  }

  #tick(tickMs: number): void {
    const now = this.#options.now();
    // Streams that opened together fall silent together; their heartbeats are spread over the ticks of one period.
    let heartbeatsLeft = Math.max(200, Math.ceil((1.5 * this.#readers.size * tickMs) / this.#options.heartbeatMs));
    for (const reader of this.#readers) {
      if (reader.stalledSince !== undefined) {
        const stalledMs = now - reader.stalledSince;
        if (stalledMs >= this.#options.stallMs) reader.cut();
        else if (stalledMs >= this.#options.letGoMs) reader.letGo();
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

/** One open stream. Its memory is what ten thousand of them cost, so it holds no request, reply or closure of them. */
class Reader {
  readonly controller: AbortController;
  lastWriteAt: number;
  /** Since when the buffer is full; undefined while it is not. */
  stalledSince: number | undefined;
  readonly heartbeat: Heartbeat | undefined;
  #letGo: (() => void) | undefined;
  readonly #response: ServerResponse;
  readonly #limits: { maxBufferedBytes: number; now: () => number };

  constructor(
    response: ServerResponse,
    controller: AbortController,
    limits: { maxBufferedBytes: number; now: () => number },
    heartbeat?: Heartbeat,
  ) {
    this.#response = response;
    this.heartbeat = heartbeat;
    this.controller = controller;
    this.#limits = limits;
    this.lastWriteAt = limits.now();
  }

  get bufferedBytes(): number {
    return this.#response.writableLength;
  }

  /** Hands a chunk to the socket. @returns whether another one may follow at once */
  write(chunk: Buffer): boolean {
    if (this.#response.destroyed || this.#response.writableEnded) return true;
    this.lastWriteAt = this.#limits.now();
    const flushed = this.#response.write(chunk);
    return flushed || this.#response.writableLength + chunk.length <= this.#limits.maxBufferedBytes;
  }

  /**
   * Resolves with true once the socket has taken everything or the reader is gone; with `let-go` also by `letGo`, then
   * with false.
   */
  async drained(mode: "hold" | "let-go"): Promise<boolean> {
    const response = this.#response;
    if (response.destroyed || !response.writableNeedDrain) {
      this.stalledSince = undefined;
      return true;
    }
    this.stalledSince ??= this.#limits.now();
    const isDrained = await new Promise<boolean>((resolve) => {
      const settle = (value: boolean) => {
        response.off("drain", drained);
        response.off("close", drained);
        resolve(value);
      };
      const drained = () => settle(true);
      response.on("drain", drained);
      response.on("close", drained);
      if (mode === "let-go") this.#letGo = () => settle(false);
    });
    this.#letGo = undefined;
    if (isDrained) this.stalledSince = undefined;
    return isDrained;
  }

  /** Has what was read ahead for it forgotten, if there is any. */
  letGo(): void {
    this.#letGo?.();
  }

  end(): void {
    if (!this.#response.writableEnded) this.#response.end();
  }

  /** Ends the connection without the closing chunk, so that the reader sees a broken stream rather than a whole one. */
  cut(): void {
    this.#response.destroy();
  }
}

/**
 * What is written in this turn of the event loop leaves at its end, as one packet, and behind what the turn sends to
 * others: of a stream that begins with its execution, the call of the model goes first.
 */
function holdForThisTurn({ socket }: ServerResponse): void {
  if (socket === null) return; // an earlier response holds the connection; nothing is sent before its end
  socket.cork();
  setImmediate(() => socket.uncork());
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
