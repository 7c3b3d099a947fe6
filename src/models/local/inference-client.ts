import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { RunyardError } from "../../contract/errors.ts";
import { type FromProcess, fromProcessSchema, type Generation, type ToProcess } from "./inference-messages.ts";
import { noModel } from "./ways-to-get-a-model.ts";

export interface InferenceOptions {
  /** As messages call it. */
  name: string;
  path: string;
  contextSize: number;
  threads: number;
}

const maxErrorText = 4_000;

/**
 * One inference process: `loading → ready ⇄ generating → ended`. `ended` is final, whatever the reason; the owner starts
 * another one. Only one generation runs at a time.
 */
export class InferenceClient implements AsyncDisposable {
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;
  #received: FromProcess[] = [];
  #wake: () => void = () => {};
  #generating = false;
  #idle = Promise.withResolvers<void>();
  #hangTimer: NodeJS.Timeout | undefined;
  #errorText = "";
  #ended = false;

  constructor(options: InferenceOptions) {
    this.#name = options.name;
    const entry = import.meta.url.endsWith(".ts") ? "./inference-process.ts" : "./inference-process.js";
    this.#child = fork(fileURLToPath(new URL(entry, import.meta.url)), [], {
      // Keys of the server are not the business of native code that reads files from elsewhere.
      env: {},
      execArgv: [],
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    this.#closed = once(this.#child, "close");
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#errorText = (this.#errorText + text).slice(-maxErrorText);
    });
    this.#child.on("message", (raw) => {
      const message = fromProcessSchema.parse(raw);
      if (message.type === "end" || message.type === "failed") this.#settle();
      this.#received.push(message);
      this.#wake();
    });
    // A process that could not be started is an ended one; "close" follows or not, so both lead to the same place.
    this.#child.once("error", () => this.#end());
    this.#child.once("close", () => this.#end());
    this.#send({ type: "load", path: options.path, contextSize: options.contextSize, threads: options.threads });
  }

  /** The process's id, for whoever watches processes. */
  get processId(): number | undefined {
    return this.#child.pid;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /**
   * Yields `loading` until the model is ready.
   * @throws RunyardError `model_unavailable`
   */
  async *load(signal: AbortSignal): AsyncIterable<number> {
    for await (const message of this.#messages(signal)) {
      if (message.type === "loading") yield message.share;
      if (message.type === "ready") return;
      if (message.type === "failed") throw this.#failure(message);
    }
  }

  /**
   * Yields the messages of one generation, `end` last. Leaving early or aborting ends the generation in the process too;
   * `idle()` tells when that has happened.
   * @throws RunyardError `model_unavailable`, `context_length_exceeded`, `cancelled`
   */
  async *generate(generation: Generation, signal: AbortSignal): AsyncIterable<FromProcess> {
    this.#idle = Promise.withResolvers<void>();
    this.#generating = true;
    try {
      this.#send({ type: "generate", generation });
      for await (const message of this.#messages(signal)) {
        if (message.type === "failed") throw this.#failure(message);
        yield message;
        if (message.type === "end") return;
      }
    } finally {
      if (this.#generating) this.#stopEarly();
    }
  }

  /** Resolves when nothing is generated any more, also when the process has ended. */
  idle(): Promise<void> {
    return this.#generating ? this.#idle.promise : Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    if (this.#child.pid !== undefined) await this.#closed;
    this.#end();
  }

  /** For a generation that nobody listens to any more. */
  #stopEarly(): void {
    this.#send({ type: "abort" });
    // Between two batches of a long prompt the process does not listen; longer than this it hangs.
    this.#hangTimer = setTimeout(() => this.#child.kill("SIGKILL"), 10_000);
    this.#hangTimer.unref();
  }

  #settle(): void {
    this.#generating = false;
    clearTimeout(this.#hangTimer);
    this.#idle.resolve();
  }

  #end(): void {
    this.#ended = true;
    this.#settle();
    this.#wake();
  }

  #send(message: ToProcess): void {
    if (this.#child.connected) this.#child.send(message);
  }

  async *#messages(signal: AbortSignal): AsyncIterable<FromProcess> {
    let news = Promise.withResolvers<void>();
    this.#received = [];
    this.#wake = () => news.resolve();
    const onAbort = (): void => news.resolve();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      while (true) {
        if (signal.aborted) throw cancelled(signal);
        const message = this.#received.shift();
        if (message !== undefined) {
          yield message;
          continue;
        }
        if (this.#ended) throw this.#crash();
        await news.promise;
        news = Promise.withResolvers<void>();
      }
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  #failure(message: Extract<FromProcess, { type: "failed" }>): RunyardError {
    const cause = new Error(`${message.message}\n${this.#errorText}`.trim());
    switch (message.reason) {
      case "library":
        return noModel("The library that runs local models, node-llama-cpp, is not installed or does not run here.", {
          cause,
        });
      case "load":
        return noModel(`${this.#name} could not be loaded: its file is damaged, or memory is short.`, { cause });
      case "too-long":
        return new RunyardError("context_length_exceeded", `${message.message} Shorten it, or take another model.`);
      case "generate":
        return new RunyardError("model_unavailable", `${this.#name} failed while it answered.`, { cause });
      default:
        return message.reason satisfies never;
    }
  }

  #crash(): RunyardError {
    const { exitCode, signalCode } = this.#child;
    const how = signalCode === null ? `exit code ${exitCode}` : signalCode;
    return new RunyardError(
      "model_unavailable",
      `The process of ${this.#name} ended (${how}). It is started again at the next call.`,
      { cause: new Error(this.#errorText) },
    );
  }
}

export function cancelled(signal: AbortSignal): RunyardError {
  return new RunyardError("cancelled", "The model call was cancelled.", { cause: signal.reason });
}
