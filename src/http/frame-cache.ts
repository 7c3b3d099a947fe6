import type { StoredEvent } from "../contract/events.ts";

/** A dialect's frame for an event, or undefined where it passes over the type. */
export type RenderFrame<C> = (event: StoredEvent, context: C) => string | undefined;

/** Some frames, ready to be written. */
export interface FrameChunk {
  bytes: Buffer;
  /** The number of the last event that has a frame in it. */
  lastSeq: number;
}

/** Chunks that readers get are at most about this long, so that a reader's buffer can be kept near its bound. */
const chunkBytes = 64 * 1024;

/**
 * Renders batches of events once for all readers of one view. A log that goes to thousands of readers reaches them as the
 * same event objects, mostly cut into the same batches; what was made for the first reader is kept as long as the event
 * itself is. A log has no gaps, so its first and last event tell a batch.
 *
 * The context may therefore hold only what follows from the execution: never something of one reader or request.
 */
export class FrameCache<C> {
  readonly #render: RenderFrame<C>;
  readonly #frames = new WeakMap<StoredEvent, string>();
  readonly #batches = new WeakMap<StoredEvent, { last: StoredEvent; chunks: readonly FrameChunk[] }>();

  constructor(render: RenderFrame<C>) {
    this.#render = render;
  }

  /** The frames of a batch in chunks, each up to 64 KiB or a single longer frame. */
  chunks(batch: readonly StoredEvent[], context: C): readonly FrameChunk[] {
    const first = batch[0];
    const last = batch.at(-1);
    if (first === undefined || last === undefined) return [];
    const known = this.#batches.get(first);
    if (known?.last === last) return known.chunks;
    const chunks: FrameChunk[] = [];
    let text = "";
    let lastSeq = 0;
    for (const event of batch) {
      const frame = this.#frame(event, context);
      if (text !== "" && text.length + frame.length > chunkBytes) {
        chunks.push({ bytes: Buffer.from(text), lastSeq });
        text = "";
      }
      text += frame;
      if (frame !== "") lastSeq = event.seq;
    }
    if (text !== "") chunks.push({ bytes: Buffer.from(text), lastSeq });
    this.#batches.set(first, { last, chunks });
    return chunks;
  }

  #frame(event: StoredEvent, context: C): string {
    const known = this.#frames.get(event);
    if (known !== undefined) return known;
    const frame = this.#render(event, context) ?? "";
    this.#frames.set(event, frame);
    return frame;
  }
}
