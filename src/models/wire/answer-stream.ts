import { StringDecoder } from "node:string_decoder";
import type { Readable } from "node:stream";
import { createParser } from "eventsource-parser";
import type { Outbound, OutboundRequest } from "../../egress/outbound.ts";
import { readText } from "../../egress/read-body.ts";
import type { ModelPart } from "../language-model.ts";
import { exchangeError, type ProviderIdentity, providerError, readProblem, webPage } from "./provider-error.ts";

/** Turns what a provider sends into parts. One is made for each answer. */
export interface AnswerReader {
  /**
   * Takes the next event of the stream.
   * @returns true when the answer is whole, its `finish` part given out; nothing is read after it
   */
  readEvent(type: string | undefined, data: string): boolean;
  /** Takes a whole answer from a server that does not stream. */
  readWhole(body: unknown): void;
  /** The stream is at its end: gives out `finish`, or throws when the answer is not whole. */
  readEnd(): void;
}

export interface AnswerRequest {
  outbound: Outbound;
  request: Pick<OutboundRequest, "url" | "headers" | "body">;
  signal: AbortSignal;
  identity: ProviderIdentity;
  createReader(give: (part: ModelPart) => void): AnswerReader;
}

/** Time limits on answers are kept above this, where they are known; these only end what everyone has forgotten. */
const forgottenAfterMs = 15 * 60_000;
const maxAnswerBytes = 64 * 1024 * 1024;
const maxEventCharacters = 16 * 1024 * 1024;
const maxErrorBytes = 256 * 1024;
/** Above so many unread parts the socket is paused. */
const maxWaitingParts = 512;
/** Chunks after the end of the answer that are read to get the socket back; a server that goes on is cut off. */
const maxTrailingChunks = 2;

/**
 * Sends a request when it is first read from, and yields the parts of the answer as they arrive. Parts go from the
 * socket's event to the reader's promise directly: async generators over a stream cost 5 µs a token more.
 * For one reader that awaits each part before it asks for the next, as `for await` does.
 */
export function streamAnswer(request: AnswerRequest): AsyncIterable<ModelPart> {
  return new AnswerStream(request);
}

type Result = IteratorResult<ModelPart, undefined>;
const exhausted: Result = { done: true, value: undefined };

class AnswerStream implements AsyncIterableIterator<ModelPart, undefined> {
  readonly #request: AnswerRequest;
  readonly #reader: AnswerReader;
  #parts: ModelPart[] = [];
  #read = 0;
  #waiting: { resolve(result: Result): void; reject(error: Error): void } | undefined;
  #error: Error | undefined;
  #begun = false;
  #ended = false;
  #body: Readable | undefined;

  constructor(request: AnswerRequest) {
    this.#request = request;
    this.#reader = request.createReader((part) => this.#give(part));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Result> {
    const part = this.#parts[this.#read];
    if (part !== undefined) {
      this.#read += 1;
      if (this.#read === this.#parts.length) {
        this.#parts = [];
        this.#read = 0;
        if (this.#body?.isPaused() === true) this.#body.resume();
      }
      return Promise.resolve({ done: false, value: part });
    }
    if (this.#error !== undefined) {
      const error = this.#error;
      this.#error = undefined;
      return Promise.reject(error);
    }
    if (this.#ended) return Promise.resolve(exhausted);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      if (!this.#begun) void this.#begin();
    });
  }

  /** The reader leaves early: what is under way is broken off. */
  return(): Promise<Result> {
    if (!this.#ended) this.#body?.destroy();
    this.#ended = true;
    this.#parts = [];
    this.#read = 0;
    this.#error = undefined;
    return Promise.resolve(exhausted);
  }

  async #begin(): Promise<void> {
    this.#begun = true;
    const { outbound, request, signal, identity } = this.#request;
    try {
      const response = await outbound.request({
        ...request,
        method: "POST",
        signal,
        headersTimeoutMs: forgottenAfterMs,
        bodyTimeoutMs: forgottenAfterMs,
        maxBodyBytes: maxAnswerBytes,
      });
      if (this.#ended) {
        response.body.destroy();
      } else if (response.status < 200 || response.status > 299) {
        const body = await readUpTo(response.body, maxErrorBytes);
        throw providerError(identity, readProblem(response.status, response.headers, body));
      } else if (String(response.headers["content-type"]).startsWith("text/html")) {
        response.body.destroy();
        throw webPage(identity, response.status);
      } else if (String(response.headers["content-type"]).includes("application/json")) {
        this.#reader.readWhole(JSON.parse(await readText(response)));
        this.#end();
      } else {
        this.#pump(response.body);
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  #pump(body: Readable): void {
    this.#body = body;
    const decoder = new StringDecoder("utf8");
    let trailingChunks = 0;
    const parser = createParser({
      maxBufferSize: maxEventCharacters,
      onEvent: (event) => {
        if (!this.#ended && this.#reader.readEvent(event.event, event.data)) this.#end();
      },
      onError: (error) => {
        if (error.type === "max-buffer-size-exceeded") throw error;
      },
    });
    body.on("data", (chunk: Buffer) => {
      if (this.#ended) {
        trailingChunks += 1;
        if (trailingChunks > maxTrailingChunks) body.destroy();
        return;
      }
      try {
        parser.feed(decoder.write(chunk));
      } catch (error) {
        this.#fail(error);
        body.destroy();
      }
    });
    body.on("end", () => {
      if (this.#ended) return;
      try {
        // Some servers leave out the blank line after the last event.
        parser.feed(`${decoder.end()}\n\n`);
        if (this.#ended) return;
        this.#reader.readEnd();
        this.#end();
      } catch (error) {
        this.#fail(error);
      }
    });
    body.on("error", (error) => this.#fail(error));
  }

  #give(part: ModelPart): void {
    if (this.#waiting !== undefined) {
      const { resolve } = this.#waiting;
      this.#waiting = undefined;
      resolve({ done: false, value: part });
      return;
    }
    this.#parts.push(part);
    if (this.#parts.length >= maxWaitingParts) this.#body?.pause();
  }

  #end(): void {
    this.#ended = true;
    // A paused body would never reach its end, and its socket would be lost.
    this.#body?.resume();
    this.#waiting?.resolve(exhausted);
    this.#waiting = undefined;
  }

  #fail(cause: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    const error = exchangeError(this.#request.identity, cause, this.#request.signal);
    if (error.code === "cancelled") {
      this.#parts = [];
      this.#read = 0;
    }
    if (this.#waiting === undefined) this.#error = error;
    else this.#waiting.reject(error);
    this.#waiting = undefined;
  }
}

async function readUpTo(body: Readable, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= maxBytes) break;
  }
  return Buffer.concat(chunks).toString("utf8");
}
