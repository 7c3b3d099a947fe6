import type { ServerResponse } from "node:http";
import type { StoredEvent } from "../contract/events.ts";
import type { Following, Log, LogReader } from "../contract/log.ts";
import type { FrameCache } from "./frame-cache.ts";

/** What a reader is shown. */
export interface EventStreamView<C> {
  log: Log;
  frames: FrameCache<C>;
  context: C;
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

export interface EventStreamReaderOptions {
  /** What may wait unsent. */
  maxBufferedBytes: number;
  /** Epoch milliseconds. */
  now: () => number;
  onFault: (error: unknown) => void;
}

/**
 * One open stream: follows a log and writes its frames to the socket. When the buffer is full it leaves the rest to the log
 * and takes it again once the socket has taken everything.
 *
 * Its memory is what ten thousand of them cost: it holds no request, reply or closure of them.
 */
export class EventStreamReader<C> implements LogReader {
  lastWriteAt: number;
  /** Since when the buffer is full; undefined while it is not. */
  stalledSince: number | undefined;
  readonly heartbeat: Heartbeat | undefined;
  readonly #response: ServerResponse;
  readonly #options: EventStreamReaderOptions;
  readonly #following: Following;
  readonly #frames: FrameCache<C>;
  readonly #context: C;
  readonly #finish: EventStreamView<C>["finish"];

  /** @param response its head is written */
  constructor(response: ServerResponse, view: EventStreamView<C>, options: EventStreamReaderOptions) {
    this.#response = response;
    this.#options = options;
    this.#frames = view.frames;
    this.#context = view.context;
    this.#finish = view.finish;
    this.heartbeat = view.heartbeat;
    this.lastWriteAt = options.now();
    this.#following = view.log.follow(this);
  }

  get bufferedBytes(): number {
    return this.#response.writableLength;
  }

  /** Takes what there is of the log, and from then on what comes. */
  start(): void {
    this.#following.resume();
  }

  take(events: readonly StoredEvent[]): number {
    let taken = 0;
    while (taken < events.length) {
      const { bytes, events: count } = this.#frames.chunk(events, taken, this.#context);
      if (!this.#hasRoom(bytes.length)) {
        this.#resumeOnDrain();
        break;
      }
      if (bytes.length > 0) this.write(bytes);
      taken += count;
    }
    return taken;
  }

  end(last: StoredEvent | undefined): void {
    void this.#endWithFrame(last);
  }

  /** Breaks the connection off, so that the reader sees a broken stream rather than a whole one. */
  fail(error: unknown): void {
    if (this.#response.destroyed) return;
    this.#options.onFault(error);
    this.cut();
  }

  write(bytes: Buffer): void {
    if (this.#response.destroyed || this.#response.writableEnded) return;
    this.lastWriteAt = this.#options.now();
    this.#response.write(bytes);
  }

  /** Ends the stream where it is. */
  close(): void {
    this.#following.stop();
    if (!this.#response.writableEnded) this.#response.end();
    // Nobody waits for what the socket has not taken yet, so the time for that begins now.
    if (this.#response.writableLength > 0) this.stalledSince ??= this.#options.now();
  }

  /** Ends the connection without the closing chunk. */
  cut(): void {
    this.#response.destroy();
  }

  /** The connection is gone. */
  leave(): void {
    this.#following.stop();
  }

  #hasRoom(bytes: number): boolean {
    const { writableNeedDrain, writableLength } = this.#response;
    return !writableNeedDrain || writableLength + bytes <= this.#options.maxBufferedBytes;
  }

  #resumeOnDrain(): void {
    this.stalledSince = this.#options.now();
    this.#response.once("drain", () => {
      this.stalledSince = undefined;
      this.#following.resume();
    });
  }

  async #endWithFrame(last: StoredEvent | undefined): Promise<void> {
    try {
      const frame = await this.#finish?.(last);
      if (frame !== undefined) this.write(Buffer.from(frame));
      this.close();
    } catch (error) {
      this.fail(error);
    }
  }
}
