import type { StoredEvent } from "../contract/events.ts";

/** A dialect's frame for an event, or undefined where it passes over the type. */
export type RenderFrame<C> = (event: StoredEvent, context: C) => string | undefined;

/** The frames of some events in a row, ready to be written. */
export interface FrameChunk {
  /** Empty when no event has a frame. */
  bytes: Buffer;
  /** Of how many events. */
  events: number;
  /** Whether the next frame did not fit in. */
  isFull: boolean;
}

/** Chunks are at most about this long, or a single longer frame, so that a reader's buffer can be kept near its bound. */
const chunkBytes = 64 * 1024;

/**
 * Renders events once for all readers of one view. A log that goes to thousands of readers reaches them as the same event
 * objects, mostly from the same one on; what was made for the first reader is kept as long as the event itself is.
 *
 * The context may therefore hold only what follows from the execution: never something of one reader or request.
 */
export class FrameCache<C> {
  readonly #render: RenderFrame<C>;
  readonly #frames = new WeakMap<StoredEvent, string>();
  /** By their first event. */
  readonly #chunks = new WeakMap<StoredEvent, FrameChunk>();

  constructor(render: RenderFrame<C>) {
    this.#render = render;
  }

  /** The frames of the events from the index `from` on, as many as make a chunk. */
  chunk(events: readonly StoredEvent[], from: number, context: C): FrameChunk {
    const [first, left] = [events[from], events.length - from];
    const known = first === undefined ? undefined : this.#chunks.get(first);
    // A log has no gaps: as many events from the same one on are the same events.
    if (known !== undefined && (known.events === left || (known.isFull && known.events < left))) return known;
    let text = "";
    let isFull = false;
    let end = from;
    for (const event of events.slice(from)) {
      const frame = this.#frame(event, context);
      isFull = text !== "" && frame !== "" && text.length + frame.length > chunkBytes;
      if (isFull) break;
      text += frame;
      end += 1;
    }
    const chunk = { bytes: Buffer.from(text), events: end - from, isFull };
    if (first !== undefined) this.#chunks.set(first, chunk);
    return chunk;
  }

  #frame(event: StoredEvent, context: C): string {
    const known = this.#frames.get(event);
    if (known !== undefined) return known;
    const frame = this.#render(event, context) ?? "";
    this.#frames.set(event, frame);
    return frame;
  }
}
