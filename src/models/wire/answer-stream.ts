import type {
  Outbound,
  OutboundExchange,
  OutboundReceiver,
  OutboundRequest,
  OutboundResponse,
} from "../../egress/outbound.ts";
import type { ModelPart } from "../language-model.ts";
import { type AnswerBody, answerBody, type AnswerReader } from "./answer-body.ts";
import { exchangeError, type ProviderIdentity } from "./provider-error.ts";

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
/** Above so many unread parts the socket is paused. */
const maxUnread = 512;
/** Chunks after the end of the answer that are read to get the socket back; a server that goes on is cut off. */
const maxTrailingChunks = 2;

/**
 * Sends a request when it is first read from, and yields the parts of the answer as they arrive. Parts go from the
 * socket's event to the reader's promise directly: async generators over a stream cost 5 µs a token more. Deltas that
 * arrive in one chunk are joined, because each part costs all who hand it on a turn of their own.
 * For one reader that awaits each part before it asks for the next, as `for await` does.
 */
export function streamAnswer(request: AnswerRequest): AsyncIterable<ModelPart> {
  return new AnswerStream(request);
}

type Result = IteratorResult<ModelPart, undefined>;
const exhausted: Result = { done: true, value: undefined };

class AnswerStream implements AsyncIterableIterator<ModelPart, undefined>, OutboundReceiver {
  readonly #request: AnswerRequest;
  readonly #reader: AnswerReader;
  #parts: ModelPart[] = [];
  #read = 0;
  /** Given out since the reader was last at the end of `#parts`, each of those counted that were joined. */
  #unread = 0;
  #waiting: { resolve(result: Result): void; reject(error: Error): void } | undefined;
  #error: Error | undefined;
  #ended = false;
  #exchange: OutboundExchange | undefined;
  #body: AnswerBody | undefined;
  #trailingChunks = 0;

  constructor(request: AnswerRequest) {
    this.#request = request;
    this.#reader = request.createReader((part) => this.#give(part));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Result> {
    const part = this.#take();
    if (part !== undefined) return Promise.resolve({ done: false, value: part });
    if (this.#error !== undefined) {
      const error = this.#error;
      this.#error = undefined;
      return Promise.reject(error);
    }
    if (this.#ended) return Promise.resolve(exhausted);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#exchange ??= this.#send();
    });
  }

  /** The reader leaves early: what is under way is broken off. */
  return(): Promise<Result> {
    if (!this.#ended) this.#exchange?.abort();
    this.#ended = true;
    this.#error = undefined;
    this.#forgetParts();
    return Promise.resolve(exhausted);
  }

  onHead(status: number, headers: OutboundResponse["headers"]): void {
    try {
      this.#body = answerBody(this.#request.identity, this.#reader, status, headers);
    } catch (error) {
      this.onError(error);
      this.#exchange?.abort();
    }
  }

  onData(chunk: Buffer): void {
    if (this.#ended) {
      this.#trailingChunks += 1;
      if (this.#trailingChunks > maxTrailingChunks) this.#exchange?.abort();
      return;
    }
    try {
      const isWhole = this.#body?.add(chunk) === true;
      this.#serve();
      if (isWhole) this.#end();
      else if (this.#unread >= maxUnread) this.#exchange?.pause();
    } catch (error) {
      this.onError(error);
      this.#exchange?.abort();
    }
  }

  onEnd(): void {
    if (this.#ended) return;
    try {
      this.#body?.end();
      this.#serve();
      this.#end();
    } catch (error) {
      this.onError(error);
    }
  }

  onError(cause: unknown): void {
    if (this.#ended) return;
    // What came before counts, unless nobody wants it any more.
    this.#serve();
    this.#ended = true;
    const error = exchangeError(this.#request.identity, cause, this.#request.signal);
    if (error.code === "cancelled") this.#forgetParts();
    if (this.#waiting === undefined) this.#error = error;
    else this.#waiting.reject(error);
    this.#waiting = undefined;
  }

  #send(): OutboundExchange {
    const { outbound, request, signal } = this.#request;
    return outbound.receive(
      {
        ...request,
        method: "POST",
        signal,
        headersTimeoutMs: forgottenAfterMs,
        bodyTimeoutMs: forgottenAfterMs,
        maxBodyBytes: maxAnswerBytes,
      },
      this,
    );
  }

  #give(part: ModelPart): void {
    this.#unread += 1;
    const last = this.#parts.at(-1);
    const isDelta = part.type === "text-delta" || part.type === "reasoning-delta";
    if (isDelta && last?.type === part.type) last.text += part.text;
    else this.#parts.push(part);
  }

  #take(): ModelPart | undefined {
    const part = this.#parts[this.#read];
    if (part === undefined) return undefined;
    this.#read += 1;
    if (this.#read === this.#parts.length) {
      const isPaused = this.#unread >= maxUnread;
      this.#forgetParts();
      if (isPaused) this.#exchange?.resume();
    }
    return part;
  }

  #forgetParts(): void {
    this.#parts = [];
    this.#read = 0;
    this.#unread = 0;
  }

  /** Hands the reader that waits the first of what has come. */
  #serve(): void {
    if (this.#waiting === undefined) return;
    const part = this.#take();
    if (part === undefined) return;
    this.#waiting.resolve({ done: false, value: part });
    this.#waiting = undefined;
  }

  #end(): void {
    this.#ended = true;
    this.#waiting?.resolve(exhausted);
    this.#waiting = undefined;
  }
}
