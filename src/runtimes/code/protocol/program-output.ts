import type { DomainEvent } from "../../../contract/events.ts";
import type { Json, JsonObject } from "../../../contract/json.ts";
import type { OutputLine } from "./line-splitter.ts";
import { eventText, readLine } from "./read-line.ts";
import type { RedactedStream, Redactor } from "./redact.ts";

/** What a program has said when it ended, besides what was shown as it came. Without secrets. */
export interface ProgramWord {
  /** The text of its first `error`. */
  error?: string;
  /** Its last `final`, or what stands for it. */
  final?: { type: string; value: Json };
  state?: string;
  suspension?: { threadId: string | null; nextStep: Json };
  /** An event was longer than is read, so what the program wanted to say is not known. */
  overlong: boolean;
  /** The last lines that were no events, for whoever asks why it failed. */
  lastLines: string;
}

export interface ProgramOutputOptions {
  /** Events are made of nothing but redacted text. */
  redactor: Redactor;
  emit(event: DomainEvent): void;
  /** The standard output of a program that gives no `final` is its result. */
  outputIsResult: boolean;
  /** The lines are those of the `charm` command, which says things of its own and repeats the result at the end. */
  throughCharm: boolean;
}

export type OutputSource = "stdout" | "stderr";

/** A line that is the content of one of so many events before it is not shown again. */
const rememberedContents = 64;
const shownLastLines = 5;
/** Text is emitted in pieces of about this many characters: an event for each line of a chatty program would be too many. */
const pieceLength = 16 * 1024;

/**
 * Makes events of the lines of one run. What may come once only, or has its place at the end (state, suspension, result,
 * failure), is kept until `end`; everything else is emitted as it comes, in order.
 */
export class ProgramOutput {
  readonly #options: ProgramOutputOptions;
  readonly #word: ProgramWord = { overlong: false, lastLines: "" };
  readonly #recent: string[] = [];
  readonly #deltas: RedactedStream;
  readonly #reasoning: Record<OutputSource, RedactedStream>;
  /** Text that is to be emitted in one event. */
  #piece: { type: "text-delta" | "reasoning-delta"; text: string } | undefined;
  #answer = "";
  #hasDeltas = false;
  readonly #standardOutput: string[] = [];
  readonly #lastLines: string[] = [];
  /** A line that is the whole result again, if it turns out to be the last. */
  #envelope: string | undefined;

  constructor(options: ProgramOutputOptions) {
    this.#options = options;
    const { redactor } = options;
    this.#deltas = redactor.stream();
    this.#reasoning = { stdout: redactor.stream(), stderr: redactor.stream() };
  }

  line(line: OutputLine, source: OutputSource): void {
    if (line.cut && eventText(line.text) !== undefined) {
      this.#word.overlong = true;
      return;
    }
    const read = readLine(line.text);
    if (read.kind === "event") {
      this.#event(read.event, source);
      return;
    }
    if (this.#options.outputIsResult && source === "stdout" && eventText(line.text) === undefined) {
      this.#standardOutput.push(read.kind === "text" ? read.text : "");
    }
    if (read.kind === "text") this.#plain(read.text, source);
  }

  /** Emits what has come so far; called when no more is there to be read at once. */
  release(): void {
    if (this.#piece === undefined) return;
    const { type, text } = this.#piece;
    this.#piece = undefined;
    this.#options.emit({ type, body: { text } });
  }

  /** Emits what was held back. @returns what there is to say at the end */
  end(): ProgramWord {
    const { redactor, outputIsResult } = this.#options;
    this.#answerWith(this.#deltas.end());
    this.#show("reasoning-delta", this.#reasoning.stdout.end());
    this.#show("reasoning-delta", this.#reasoning.stderr.end());
    this.release();
    this.#word.lastLines = redactor.text(this.#lastLines.join("\n"));
    if (this.#word.final === undefined && this.#hasDeltas) {
      this.#word.final = { type: "markdown", value: this.#answer };
    }
    if (this.#word.final === undefined && outputIsResult && this.#word.suspension === undefined) {
      this.#word.final = { type: "markdown", value: redactor.text(this.#standardOutput.join("\n").trim()) };
    }
    return this.#word;
  }

  #plain(text: string, source: OutputSource): void {
    if (this.#options.throughCharm) {
      if (isCharmsOwn(text)) return;
      if (source === "stdout") {
        const before = this.#envelope;
        this.#envelope = isEnvelope(text) ? text : undefined;
        if (before !== undefined) this.#tell(before, source);
        if (this.#envelope !== undefined) return;
      }
    }
    this.#tell(text, source);
  }

  #tell(text: string, source: OutputSource): void {
    this.#lastLines.push(text.slice(0, 1000));
    if (this.#lastLines.length > shownLastLines) this.#lastLines.shift();
    if (this.#recent.includes(text.trim())) return;
    this.#show("reasoning-delta", this.#reasoning[source].push(`${text}\n`));
  }

  #event(event: JsonObject & { type: string }, source: OutputSource): void {
    const { content } = event;
    switch (event.type) {
      case "status":
        this.#remember(content);
        this.#emit({ type: "status-noted", body: { text: this.#text(content) } });
        break;
      case "thinking":
        this.#remember(content);
        this.#show("reasoning-delta", this.#reasoning[source].push(asText(content)));
        break;
      case "delta":
        this.#hasDeltas = true;
        this.#answerWith(this.#deltas.push(asText(content)));
        break;
      case "final":
        this.#remember(content);
        this.#guarded(() => {
          const value = this.#options.redactor.value(content ?? null);
          this.#word.final = { type: formatOf(value), value };
        });
        break;
      case "error":
        this.#remember(content);
        this.#word.error ??= this.#text(content);
        break;
      case "state_update":
        this.#word.state = this.#text(content);
        break;
      case "control":
        if (event["status"] === "suspended") this.#suspend(event);
        else this.#pass(event);
        break;
      case "tool_usage": {
        const { tool, count } = event;
        const times = typeof count === "number" && Number.isSafeInteger(count) ? count : 1;
        this.#emit({ type: "tool-usage-noted", body: { tool: this.#text(tool), count: times } });
        break;
      }
      case "internal_run_finished":
        break; // the program's own; ours has the true times
      default:
        this.#pass(event);
    }
  }

  #suspend(event: JsonObject): void {
    const { thread_id: threadId, next_step: nextStep } = event;
    this.#guarded(() => {
      this.#word.suspension = {
        threadId: typeof threadId === "string" ? this.#text(threadId) : null,
        nextStep: this.#options.redactor.value(nextStep ?? null),
      };
    });
  }

  #pass(event: JsonObject): void {
    this.#guarded(() => {
      const shown = Object.entries(event).map(([key, item]) => [this.#text(key), this.#options.redactor.value(item)]);
      this.#emit({ type: "program-event-noted", body: { event: Object.fromEntries(shown) } });
    });
  }

  /** What is nested too deep for us is passed over like what cannot be read. */
  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  }

  #text(content: Json | undefined): string {
    return this.#options.redactor.text(asText(content));
  }

  #remember(content: Json | undefined): void {
    if (typeof content !== "string" || content.trim() === "") return;
    this.#recent.push(content.trim());
    if (this.#recent.length > rememberedContents) this.#recent.shift();
  }

  #answerWith(text: string): void {
    this.#answer += text;
    this.#show("text-delta", text);
  }

  #show(type: "text-delta" | "reasoning-delta", text: string): void {
    if (text === "") return;
    if (this.#piece?.type !== type || this.#piece.text.length > pieceLength) this.release();
    this.#piece = { type, text: (this.#piece?.text ?? "") + text };
  }

  #emit(event: DomainEvent): void {
    this.release();
    this.#options.emit(event);
  }
}

/** How a result is to be shown; an object with the key `_charm_render_type` is a chart, a table or the like. */
export function formatOf(value: Json): string {
  if (typeof value !== "object" || value === null) return "markdown";
  return Object.hasOwn(value, "_charm_render_type") && !Array.isArray(value) ? "rich_component" : "json";
}

function asText(content: Json | undefined): string {
  if (typeof content === "string") return content;
  if (content === undefined || content === null) return "";
  try {
    return JSON.stringify(content);
  } catch {
    return ""; // nested too deep
  }
}

const charmsOwn = /^\s*(?:\[charm\] (?:DEBUG|INFO): |Loading \.env from: |✔ Loaded Agent: )/;

function isCharmsOwn(text: string): boolean {
  return charmsOwn.test(text);
}

function isEnvelope(text: string): boolean {
  if (!text.startsWith("{") || !text.includes('"status"')) return false;
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null && "status" in parsed;
  } catch {
    return false;
  }
}
