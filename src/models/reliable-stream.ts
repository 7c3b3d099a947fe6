import { RunyardError } from "../contract/errors.ts";
import type { LanguageModel, ModelPart, ModelRequest } from "./language-model.ts";
import { retryDelay } from "./retry-delay.ts";

/** Times in milliseconds. */
export interface ReliabilityLimits {
  /** Until the first part of the answer. */
  firstChunkTimeoutMs: number;
  /** Between two parts. */
  chunkTimeoutMs: number;
  /** For the whole call, all tries and the pauses between them included. */
  totalTimeoutMs: number;
  /** Tries in all, the first included. */
  tries: number;
}

export const defaultLimits: ReliabilityLimits = {
  firstChunkTimeoutMs: 60_000,
  chunkTimeoutMs: 30_000,
  totalTimeoutMs: 600_000,
  tries: 4,
};

/** Where time and chance come from. */
export interface Surroundings {
  /** Milliseconds on a clock that only goes forward. */
  now(): number;
  /** Calls back once after `delayMs`; the answer calls it off. */
  after(delayMs: number, callback: () => void): () => void;
  /** From 0 up to 1. */
  random(): number;
}

export const realSurroundings: Surroundings = {
  now: () => performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
  random: () => Math.random(),
};

export interface ReliableStreamOptions {
  signal: AbortSignal;
  limits: ReliabilityLimits;
  /** Told before each pause. `try` is the one that failed, from 1. */
  onRetry?: (retry: { try: number; delayMs: number; error: RunyardError }) => void;
  surroundings?: Surroundings;
}

/**
 * One answer of a model within time limits. A retryable failure before the first part is tried again, with growing pauses
 * or those that the provider asks for. Once anything of the answer was given out, a failure is thrown: only the caller
 * knows how to go on from what was shown. For one reader that awaits each part before it asks for the next.
 *
 * @throws RunyardError as `LanguageModel.stream` does; a passed time limit is a retryable `model_unavailable`
 */
export function reliableStream(
  model: LanguageModel,
  request: ModelRequest,
  options: ReliableStreamOptions,
): AsyncIterableIterator<ModelPart, undefined> {
  return new ReliableStream(model, request, options);
}

type Result = IteratorResult<ModelPart, undefined>;
const exhausted: Result = { done: true, value: undefined };

interface Try {
  abort: AbortController;
  source: AsyncIterator<ModelPart>;
  onResult(result: IteratorResult<ModelPart, unknown>): void;
  onError(error: unknown): void;
}

interface Waiting {
  resolve(result: Result): void;
  reject(error: RunyardError): void;
}

/**
 * Parts pass from the model's iterator to the reader with one promise each. The time limits cost a clock reading a part:
 * one timer runs for the whole call, and when it rings it looks how long the model has been waited for.
 */
class ReliableStream implements AsyncIterableIterator<ModelPart, undefined> {
  readonly #model: LanguageModel;
  readonly #request: ModelRequest;
  readonly #options: ReliableStreamOptions;
  readonly #surroundings: Surroundings;
  readonly #startedAt: number;
  #try = 0;
  #current: Try | undefined;
  #waiting: Waiting | undefined;
  #waitingSince = 0;
  /** Something of the answer was given out. */
  #begun = false;
  /** Its last part was. */
  #finished = false;
  #ended = false;
  /** An end that came while nobody was waiting, for whoever asks next. */
  #error: RunyardError | undefined;
  #callOffTimer: (() => void) | undefined;

  constructor(model: LanguageModel, request: ModelRequest, options: ReliableStreamOptions) {
    this.#model = model;
    this.#request = request;
    this.#options = options;
    this.#surroundings = options.surroundings ?? realSurroundings;
    this.#startedAt = this.#surroundings.now();
    options.signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Result> {
    if (this.#error !== undefined) {
      const error = this.#error;
      this.#error = undefined;
      return Promise.reject(error);
    }
    if (this.#ended) return Promise.resolve(exhausted);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      if (this.#options.signal.aborted) this.#onAbort();
      else if (this.#current === undefined) this.#beginTry();
      else this.#pull(this.#current);
    });
  }

  return(): Promise<Result> {
    this.#error = undefined;
    this.#end();
    return Promise.resolve(exhausted);
  }

  #beginTry(): void {
    this.#try += 1;
    const abort = new AbortController();
    try {
      const stream = this.#model.stream(this.#request, { signal: abort.signal });
      const current: Try = {
        abort,
        source: stream[Symbol.asyncIterator](),
        onResult: (result) => {
          if (this.#current === current) this.#onResult(result);
        },
        onError: (error) => {
          if (this.#current === current) this.#onError(error);
        },
      };
      this.#current = current;
      this.#pull(current);
    } catch (error) {
      this.#onError(error);
    }
  }

  #pull({ source, onResult, onError }: Try): void {
    this.#waitingSince = this.#surroundings.now();
    if (this.#callOffTimer === undefined) this.#setTimer();
    source.next().then(onResult, onError);
  }

  #onResult(result: IteratorResult<ModelPart, unknown>): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (result.done === true) {
      this.#finished = true;
      this.#end();
      waiting?.resolve(exhausted);
      return;
    }
    // A status is no part of the answer: after it the call can still be begun again.
    if (result.value.type !== "status") this.#begun = true;
    if (result.value.type === "finish") this.#finished = true;
    waiting?.resolve({ done: false, value: result.value });
  }

  #onError(thrown: unknown): void {
    const error = thrown instanceof RunyardError ? thrown : broken(this.#model.id, thrown);
    const delayMs = retryDelay(this.#try, error.retryAfterMs, this.#surroundings.random());
    const { tries, totalTimeoutMs } = this.#options.limits;
    const hopeless = this.#elapsed() + delayMs >= totalTimeoutMs;
    if (this.#begun || !error.retryable || this.#try >= tries || hopeless) {
      this.#fail(error);
      return;
    }
    this.#options.onRetry?.({ try: this.#try, delayMs, error });
    this.#breakOff();
    this.#stopTimer();
    this.#callOffTimer = this.#surroundings.after(delayMs, () => {
      this.#callOffTimer = undefined;
      this.#beginTry();
    });
  }

  #elapsed(): number {
    return this.#surroundings.now() - this.#startedAt;
  }

  /**
   * Rings at the nearest limit or before it, then looks again; before the first part too, no later than a pause after it
   * would count, so that one timer serves most calls.
   */
  #setTimer(): void {
    const { firstChunkTimeoutMs, chunkTimeoutMs, totalTimeoutMs } = this.#options.limits;
    const limitMs = this.#begun ? chunkTimeoutMs : firstChunkTimeoutMs;
    // The time in which the reader is busy does not count against the model.
    const waitedMs = this.#waiting === undefined ? 0 : this.#surroundings.now() - this.#waitingSince;
    const leftMs = Math.min(limitMs - waitedMs, chunkTimeoutMs, totalTimeoutMs - this.#elapsed());
    this.#callOffTimer = this.#surroundings.after(Math.max(0, Math.ceil(leftMs)), () => {
      this.#callOffTimer = undefined;
      this.#onTimer();
    });
  }

  #stopTimer(): void {
    this.#callOffTimer?.();
    this.#callOffTimer = undefined;
  }

  #onTimer(): void {
    const { firstChunkTimeoutMs, chunkTimeoutMs, totalTimeoutMs } = this.#options.limits;
    const waitedMs = this.#waiting === undefined ? 0 : this.#surroundings.now() - this.#waitingSince;
    if (this.#elapsed() >= totalTimeoutMs) {
      this.#onTimeout(`did not finish within ${totalTimeoutMs} ms`);
    } else if (this.#begun && waitedMs >= chunkTimeoutMs) {
      this.#onTimeout(`paused for ${chunkTimeoutMs} ms within its answer`);
    } else if (!this.#begun && waitedMs >= firstChunkTimeoutMs) {
      this.#onTimeout(`did not begin its answer within ${firstChunkTimeoutMs} ms`);
    } else {
      this.#setTimer();
    }
  }

  #onTimeout(what: string): void {
    this.#onError(new RunyardError("model_unavailable", `The model ${this.#model.id} ${what}.`));
  }

  readonly #onAbort = (): void => {
    const { reason }: { reason: unknown } = this.#options.signal;
    this.#fail(new RunyardError("cancelled", "The model call was cancelled.", { cause: reason }));
  };

  #fail(error: RunyardError): void {
    if (this.#ended) return;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    this.#end();
    if (waiting === undefined) this.#error = error;
    else waiting.reject(error);
  }

  /** What the try still says is not heard. */
  #breakOff(): void {
    const current = this.#current;
    this.#current = undefined;
    if (current === undefined) return;
    // After a whole answer the wire reads to the end of the response, so that its socket can serve again.
    if (!this.#finished) current.abort.abort();
    // The wires leave at once; one that does not is left to itself.
    current.source.return?.().then(undefined, () => {});
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#breakOff();
    this.#stopTimer();
    this.#options.signal.removeEventListener("abort", this.#onAbort);
  }
}

function broken(id: string, cause: unknown): RunyardError {
  return new RunyardError("model_unavailable", `The call of the model ${id} broke.`, { cause });
}
