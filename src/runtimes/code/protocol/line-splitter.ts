/** A line of a program's output. */
export interface OutputLine {
  /** Without its end; what is not UTF-8 is replaced. */
  text: string;
  /** It was longer than is read, and ends early. */
  cut: boolean;
}

const lineFeed = 0x0a;

/**
 * Cuts bytes into lines. Characters that a chunk boundary splits are whole, and a line without end costs no more memory
 * than `maxLineBytes`: the rest of it is dropped.
 */
export class LineSplitter {
  readonly #maxLineBytes: number;
  #pieces: Buffer[] = [];
  #length = 0;
  #cut = false;

  constructor(maxLineBytes: number) {
    this.#maxLineBytes = maxLineBytes;
  }

  *push(chunk: Buffer): Generator<OutputLine> {
    let from = 0;
    for (;;) {
      const end = chunk.indexOf(lineFeed, from);
      if (end < 0) break;
      this.#add(chunk.subarray(from, end));
      yield this.#take();
      from = end + 1;
    }
    this.#add(chunk.subarray(from));
  }

  /** @returns what stands after the last line end; undefined when nothing does */
  end(): OutputLine | undefined {
    return this.#length === 0 ? undefined : this.#take();
  }

  #add(piece: Buffer): void {
    const room = this.#maxLineBytes - this.#length;
    if (piece.length > room) this.#cut = true;
    const kept = piece.length > room ? piece.subarray(0, room) : piece;
    if (kept.length === 0) return;
    this.#pieces.push(kept);
    this.#length += kept.length;
  }

  #take(): OutputLine {
    const [first] = this.#pieces;
    const bytes = this.#pieces.length === 1 && first !== undefined ? first : Buffer.concat(this.#pieces);
    const line = { text: bytes.toString("utf8"), cut: this.#cut };
    this.#pieces = [];
    this.#length = 0;
    this.#cut = false;
    return line;
  }
}
