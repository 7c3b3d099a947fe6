import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { StoreUnavailable } from "../../statement.ts";
import { errorOf } from "./sqlite-fault.ts";
import type { ThreadReply, ThreadRequest } from "./database-thread.ts";

/** One SQLite connection on a thread of its own, which answers in the order it is asked. */
export class SqliteThread {
  readonly #worker: Worker;
  readonly #waiting: { resolve: (reply: ThreadReply) => void; reject: (error: Error) => void }[] = [];
  #failure: Error | undefined;

  constructor(options: { path: string; mode: "read" | "write" }) {
    // From source the file ends in .ts, in the package in .js.
    const file = new URL(`./database-thread${extname(import.meta.filename)}`, import.meta.url);
    this.#worker = new Worker(file, { workerData: options, execArgv: [], env: {} });
    this.#worker.unref();
    this.#worker.on("message", (reply: ThreadReply) => {
      const asked = this.#waiting.shift();
      if (this.#waiting.length === 0) this.#worker.unref();
      asked?.resolve(reply);
    });
    this.#worker.on("error", (error) => this.#fail(error));
    this.#worker.on("exit", () => this.#fail(new Error("the database thread ended")));
  }

  /** @throws StoreUnavailable also when the thread is gone, Error for a statement that cannot run */
  async ask(request: ThreadRequest): Promise<Exclude<ThreadReply, { type: "error" }>> {
    if (this.#failure !== undefined) throw this.#failure;
    const reply = await new Promise<ThreadReply>((resolve, reject) => {
      this.#worker.ref(); // keeps the process alive while something is under way
      this.#waiting.push({ resolve, reject });
      this.#worker.postMessage(request);
    });
    if (reply.type === "error") throw errorOf(reply.fault, "a request");
    return reply;
  }

  async close(): Promise<void> {
    if (this.#failure !== undefined) return;
    const exited = new Promise<void>((resolve) => this.#worker.once("exit", () => resolve()));
    await this.ask({ type: "close" });
    this.#worker.ref();
    await exited;
  }

  #fail(error: unknown): void {
    this.#failure ??= new StoreUnavailable("The database thread stopped; restart the server.", { cause: error });
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
  }
}
