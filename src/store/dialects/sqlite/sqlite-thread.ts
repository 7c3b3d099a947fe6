import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { StoreUnavailable } from "../../statement.ts";
import type { ThreadReply, ThreadRequest } from "./writer-thread.ts";

/** One SQLite connection on a thread of its own, spoken to in order. */
export class SqliteThread {
  readonly #worker: Worker;
  readonly #waiting: { resolve: (reply: ThreadReply) => void; reject: (error: Error) => void }[] = [];
  #failure: Error | undefined;
  #closing = false;

  constructor(path: string, mode: "read" | "write") {
    // From source the file ends in .ts, in the package in .js.
    const file = new URL(`./writer-thread${extname(import.meta.filename)}`, import.meta.url);
    this.#worker = new Worker(file, { workerData: { path, mode }, execArgv: [], env: {} });
    this.#worker.unref();
    this.#worker.on("message", (reply: ThreadReply) => {
      const next = this.#waiting.shift();
      if (this.#waiting.length === 0 && !this.#closing) this.#worker.unref();
      next?.resolve(reply);
    });
    this.#worker.on("error", (error) => this.#fail(error));
    this.#worker.on("exit", () => this.#fail(new Error("the database thread ended")));
  }

  ask(request: ThreadRequest): Promise<ThreadReply> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) this.#worker.ref();
      this.#waiting.push({ resolve, reject });
      this.#worker.postMessage(request);
    });
  }

  async close(): Promise<void> {
    if (this.#failure !== undefined) return;
    const exited = new Promise<void>((resolve) => this.#worker.once("exit", () => resolve()));
    const closed = this.ask({ type: "close" });
    this.#closing = true;
    await closed;
    await exited;
  }

  #fail(error: unknown): void {
    this.#failure ??= new StoreUnavailable("The database thread stopped; restart the server.", { cause: error });
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
  }
}
