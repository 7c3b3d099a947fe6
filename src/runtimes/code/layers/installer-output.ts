import { redactOutput } from "./redact-output.ts";

/** npm prints its whole manual behind some errors; what was wrong stands above it. */
const keptLines = 80;
const maxLineChars = 500;
const progressEveryMs = 500;

/** What an installer prints: its last lines for an error, and now and then a line as progress. */
export class InstallerOutput {
  readonly #onProgress: (text: string) => void;
  #lines: string[] = [];
  #shownAt = 0;

  constructor(onProgress: (text: string) => void) {
    this.#onProgress = onProgress;
  }

  /** Redacted, one line under the other. */
  get tail(): string {
    return this.#lines.join("\n");
  }

  /** Reads one of the program's two outputs to its end. A line without an end is cut. */
  async read(output: AsyncIterable<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const bytes of output) {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split(/[\r\n]+/);
      rest = (lines.pop() ?? "").slice(-maxLineChars * 4);
      for (const line of lines) this.#take(line);
    }
    this.#take(rest + decoder.decode());
  }

  #take(line: string): void {
    const text = redactOutput(line).trim().slice(0, maxLineChars);
    if (text === "") return;
    this.#lines.push(text);
    if (this.#lines.length > keptLines) this.#lines.shift();
    const now = performance.now();
    if (this.#shownAt !== 0 && now - this.#shownAt < progressEveryMs) return;
    this.#shownAt = now;
    this.#onProgress(text);
  }
}
