const escapes: Record<string, string> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", '"': '"', "\\": "\\", "/": "/" };

const opening = /^\s*\{\s*"tool"\s*:\s*"none"\s*,\s*"answer"\s*:\s*"/;

/**
 * Reads `{"tool":"none","answer":"…"}` while it grows and gives the answer's text as it comes, so that a model held to
 * a grammar streams like any other. Gives nothing for tool calls and for answers that are not a string.
 */
export class AnswerStream {
  #pending = "";
  #inAnswer = false;
  #ended = false;

  /** @returns the new text of the answer, often empty */
  push(chunk: string): string {
    if (this.#ended) return "";
    this.#pending += chunk;
    if (!this.#inAnswer) {
      const start = opening.exec(this.#pending);
      if (start === null) return "";
      this.#inAnswer = true;
      this.#pending = this.#pending.slice(start[0].length);
    }
    return this.#readText();
  }

  /** Everything up to the closing quote or to an escape that is not whole yet. */
  #readText(): string {
    let text = "";
    let at = 0;
    while (at < this.#pending.length) {
      const character = this.#pending.charAt(at);
      if (character === '"') {
        this.#ended = true;
        break;
      }
      if (character !== "\\") {
        text += character;
        at += 1;
        continue;
      }
      const kind = this.#pending.charAt(at + 1);
      if (kind === "") break;
      if (kind !== "u") {
        text += escapes[kind] ?? kind;
        at += 2;
        continue;
      }
      const digits = this.#pending.slice(at + 2, at + 6);
      if (digits.length < 4) break;
      text += String.fromCharCode(Number.parseInt(digits, 16));
      at += 6;
    }
    this.#pending = this.#pending.slice(at);
    return this.#holdHighSurrogate(text);
  }

  /** Half a character is never shown: a store or a wire in UTF-8 would lose it. */
  #holdHighSurrogate(text: string): string {
    const last = text.charCodeAt(text.length - 1);
    if (this.#ended || !(last >= 0xd800 && last <= 0xdbff)) return text;
    this.#pending = `\\u${last.toString(16)}${this.#pending}`;
    return text.slice(0, -1);
  }
}
