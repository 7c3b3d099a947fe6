import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { StoreUnavailable } from "../../statement.ts";
import type { FlatMessage } from "./group-message.ts";
import type { ThreadReply, ThreadRequest } from "./writer-thread.ts";

export interface SqliteThreadOptions {
  path: string;
  mode: "read" | "write";
  /** The outcomes of units that were posted, in their order. */
  onOutcomes?: (outcomes: FlatMessage, durationMs: number) => void;
  /** Nothing that was asked or posted will be answered any more. */
  onFailure?: (error: Error) => void;
}

/** One SQLite connection on a thread of its own, spoken to in order. */
export class SqliteThread {
  readonly #worker: Worker;
  readonly #onFailure: ((error: Error) => void) | undefined;
  readonly #waiting: { resolve: (reply: ThreadReply) => void; reject: (error: Error) => void }[] = [];
  #failure: Error | undefined;
  #closing = false;

  constructor({ path, mode, onOutcomes, onFailure }: SqliteThreadOptions) {
    this.#onFailure = onFailure;
    // From source the file ends in .ts, in the package in .js.
    const file = new URL(`./writer-thread${extname(import.meta.filename)}`, import.meta.url);
    this.#worker = new Worker(file, { workerData: { path, mode }, execArgv: [], env: {} });
    this.#worker.unref();
    this.#worker.on("message", (reply: ThreadReply) => {
      if (reply.type === "outcomes") onOutcomes?.(reply.outcomes, reply.durationMs);
      else this.#waiting.shift()?.resolve(reply);
    });
    this.#worker.on("error", (error) => this.#fail(error));
    this.#worker.on("exit", () => this.#fail(new Error("the database thread ended")));
  }

  /** Keeps the process alive while something is under way. */
  ref(): void {
    this.#worker.ref();
  }

  unref(): void {
    if (!this.#closing && this.#waiting.length === 0) this.#worker.unref();
  }

  /** Units for the next commit. */
  post(units: FlatMessage): void {
    if (this.#failure === undefined) this.#worker.postMessage(units);
    else this.#onFailure?.(this.#failure);
  }

  async ask(request: ThreadRequest): Promise<ThreadReply> {
    if (this.#failure !== undefined) throw this.#failure;
    this.ref();
    try {
      return await new Promise((resolve, reject) => {
        this.#waiting.push({ resolve, reject });
        this.#worker.postMessage(request);
      });
    } finally {
      this.unref();
    }
  }

  async close(): Promise<void> {
    if (this.#failure !== undefined) return;
    this.#closing = true;
    const exited = new Promise<void>((resolve) => this.#worker.once("exit", () => resolve()));
    await this.ask({ type: "close" });
    await exited;
  }

  #fail(error: unknown): void {
    this.#failure ??= new StoreUnavailable("The database thread stopped; restart the server.", { cause: error });
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
    this.#onFailure?.(this.#failure);
  }
}
