import type { StoredEvent } from "../contract/events.ts";

/** A dialect's frame for an event, or undefined where it passes over the type. */
export type RenderFrame<C> = (event: StoredEvent, context: C) => string | undefined;

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
  readonly #batches = new WeakMap<StoredEvent, { last: StoredEvent; chunks: readonly Buffer[] }>();

  constructor(render: RenderFrame<C>) {
    this.#render = render;
  }

  /** The frames of a batch as buffers ready to be written, each up to 64 KiB or a single longer frame. */
  chunks(batch: readonly StoredEvent[], context: C): readonly Buffer[] {
    const first = batch[0];
    const last = batch.at(-1);
    if (first === undefined || last === undefined) return [];
    const known = this.#batches.get(first);
    if (known?.last === last) return known.chunks;
    const chunks: Buffer[] = [];
    let text = "";
    for (const event of batch) {
      const frame = this.#frame(event, context);
      if (text !== "" && text.length + frame.length > chunkBytes) {
        chunks.push(Buffer.from(text));
        text = "";
      }
      text += frame;
    }
    if (text !== "") chunks.push(Buffer.from(text));
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
