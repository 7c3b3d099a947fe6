import type { Dispatcher } from "undici";
import { OutboundError } from "./outbound.ts";
import { outboundFailure } from "./outbound-failure.ts";

/**
 * Stands between undici and its response stream: cuts a body past its limit before it is buffered, and turns every
 * failure, also one in the middle of a body, into an `OutboundError`.
 */
export class BoundedHandler implements Dispatcher.DispatchHandler {
  readonly #inner: Dispatcher.DispatchHandler;
  readonly #maxBodyBytes: number;
  readonly #hasBody: boolean;
  #bytes = 0;

  constructor(inner: Dispatcher.DispatchHandler, maxBodyBytes: number, method: string) {
    this.#inner = inner;
    this.#maxBodyBytes = maxBodyBytes;
    this.#hasBody = method !== "HEAD";
  }

  onRequestStart(controller: Dispatcher.DispatchController, context: unknown): void {
    this.#inner.onRequestStart?.(controller, context);
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: Parameters<NonNullable<Dispatcher.DispatchHandler["onResponseStart"]>>[2],
    statusMessage?: string,
  ): void {
    if (this.#hasBody && Number(headers["content-length"]) > this.#maxBodyBytes) {
      controller.abort(this.#tooLarge());
      return;
    }
    this.#inner.onResponseStart?.(controller, statusCode, headers, statusMessage);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#maxBodyBytes) controller.abort(this.#tooLarge());
    else this.#inner.onResponseData?.(controller, chunk);
  }

  onResponseEnd(
    controller: Dispatcher.DispatchController,
    trailers: Parameters<NonNullable<Dispatcher.DispatchHandler["onResponseEnd"]>>[1],
  ): void {
    this.#inner.onResponseEnd?.(controller, trailers);
  }

  onResponseError(controller: Dispatcher.DispatchController, error: Error): void {
    this.#inner.onResponseError?.(controller, outboundFailure(error));
  }

  #tooLarge(): OutboundError {
    return new OutboundError("too-large", `the response is larger than the ${this.#maxBodyBytes} bytes allowed`);
  }
}
