const lineFeed = 0x0a;
/** What the runner says is short; a longer line that begins like it is the program's. */
const longestSaid = 1_048_576;

export type ServePart = { type: "output"; bytes: Buffer } | { type: "said"; text: string };

/**
 * Tells apart what the runner says, lines that begin with a token and a space, from what the program writes. Output is
 * handed on as it comes, also of lines without end; only as much is held back as may still turn out to be the token.
 */
export class SaidLines {
  readonly #prefix: Buffer;
  #held: Buffer = Buffer.alloc(0);
  #atLineStart = true;

  constructor(token: string) {
    this.#prefix = Buffer.from(`${token} `);
  }

  *push(chunk: Buffer): Generator<ServePart> {
    let rest = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = Buffer.alloc(0);
    while (rest.length > 0) {
      const end = rest.indexOf(lineFeed);
      if (this.#atLineStart && this.#mayBeSaid(rest)) {
        if (end < 0) {
          if (rest.length <= longestSaid) {
            this.#held = rest;
            return;
          }
        } else if (end >= this.#prefix.length) {
          yield { type: "said", text: rest.subarray(this.#prefix.length, end).toString("utf8") };
          rest = rest.subarray(end + 1);
          continue;
        }
      }
      const next = end < 0 ? rest.length : end + 1;
      yield { type: "output", bytes: rest.subarray(0, next) };
      this.#atLineStart = end >= 0;
      rest = rest.subarray(next);
    }
  }

  #mayBeSaid(bytes: Buffer): boolean {
    const length = Math.min(bytes.length, this.#prefix.length);
    return bytes.subarray(0, length).equals(this.#prefix.subarray(0, length));
  }
}
