import { Readable } from "node:stream";

/** What a program's pipe hands over at once, and what is kept for a reader that is slow. */
const bufferBytes = 65_536;

/** Counts what a program prints on both outputs, and passes it on as fast as it is read. */
export class OutputMeter {
  readonly #limit: number;
  readonly #onExceeded: () => void;
  readonly #raw: Readable[] = [];
  #bytes = 0;
  #ending = false;

  /** @param onExceeded called once; everything past the limit is dropped */
  constructor(limitBytes: number | undefined, onExceeded: () => void) {
    this.#limit = limitBytes ?? Number.POSITIVE_INFINITY;
    this.#onExceeded = onExceeded;
  }

  /** The output to read instead of `raw`. A reader that destroys it closes the program's pipe. */
  pass(raw: Readable): Readable {
    this.#raw.push(raw);
    const output = new Readable({
      highWaterMark: bufferBytes,
      read: () => void raw.resume(),
      destroy: (error, callback) => {
        raw.destroy();
        callback(error);
      },
    });
    raw.pause();
    raw.on("data", (chunk: Buffer) => {
      const room = this.#limit - this.#bytes;
      this.#bytes += chunk.length;
      const kept = chunk.length <= room ? chunk : chunk.subarray(0, Math.max(0, room));
      if (kept.length > 0 && !output.push(kept) && !this.#ending) raw.pause();
      if (chunk.length > room && room >= 0) this.#onExceeded();
    });
    raw.on("end", () => output.push(null));
    // A killed program's pipe may end with an error; for the reader it has ended.
    raw.on("error", () => output.push(null));
    raw.resume();
    return output;
  }

  /** Takes what the pipes still hold, which is little, without waiting for a reader; the program is dead. */
  drain(): void {
    this.#ending = true;
    for (const raw of this.#raw) raw.resume();
  }
}
