import type { Readable } from "node:stream";
import type { DomainEvent } from "../../contract/events.ts";
import type { StepContext } from "../../engine/program.ts";
import type { ProgramFamily } from "./adapters.ts";
import { LineSplitter } from "./protocol/line-splitter.ts";
import { type OutputSource, ProgramOutput, type ProgramWord } from "./protocol/program-output.ts";
import type { Redactor } from "./protocol/redact.ts";

/** Past one of these the program waits until what it said is stored. */
const maxUnstoredEvents = 500;
const maxUnstoredCharacters = 512 * 1024;
/** An event may be this long, a result with it; of plain text as much is shown. */
const maxLineBytes = 8 * 1024 * 1024;

export interface RunOutputOptions {
  step: Pick<StepContext, "emit" | "flush">;
  redactor: Redactor;
  family: ProgramFamily;
  throughCharm: boolean;
}

/** Shows in a run's step what its program writes, as it comes, and makes a program that says much wait for the log. */
export class RunOutput {
  readonly #step: RunOutputOptions["step"];
  readonly #output: ProgramOutput;
  readonly #splitters = { stdout: new LineSplitter(maxLineBytes), stderr: new LineSplitter(maxLineBytes) };
  #events = 0;
  #characters = 0;

  constructor({ step, redactor, family, throughCharm }: RunOutputOptions) {
    this.#step = step;
    const emit = (event: DomainEvent): void => this.#emit(event);
    this.#output = new ProgramOutput({ redactor, outputIsResult: family === "node", throughCharm, emit });
  }

  /** Takes all that comes until the output's end. */
  async read(stream: Readable, source: OutputSource): Promise<void> {
    const chunks: AsyncIterable<Buffer> = stream;
    for await (const chunk of chunks) await this.take(chunk, source);
    this.#takeRest(source);
  }

  /** @returns a promise when nothing more is to be read before it resolves */
  take(chunk: Buffer, source: OutputSource): Promise<void> | undefined {
    for (const line of this.#splitters[source].push(chunk)) this.#output.line(line, source);
    this.#output.release();
    if (this.#events < maxUnstoredEvents && this.#characters < maxUnstoredCharacters) return undefined;
    this.#events = 0;
    this.#characters = 0;
    return this.#step.flush();
  }

  /** Shows what was held back. @returns what there is to say at the end */
  end(): ProgramWord {
    this.#takeRest("stdout");
    this.#takeRest("stderr");
    return this.#output.end();
  }

  /** What stands after the last line end. */
  #takeRest(source: OutputSource): void {
    const last = this.#splitters[source].end();
    if (last === undefined) return;
    this.#output.line(last, source);
    this.#output.release();
  }

  #emit(event: DomainEvent): void {
    this.#events += 1;
    if (event.type === "text-delta" || event.type === "reasoning-delta") this.#characters += event.body.text.length;
    this.#step.emit(event);
  }
}
