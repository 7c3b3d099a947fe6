import type { Dispatcher } from "undici";
import type { OutboundExchange, OutboundReceiver } from "./outbound.ts";

/** Between undici and a receiver: one response, ended by whatever comes first, its signal included. */
export class ReceivingExchange implements OutboundExchange, Dispatcher.DispatchHandler {
  readonly #receiver: OutboundReceiver;
  readonly #signal: AbortSignal | undefined;
  /** Undefined while the request waits for a socket. */
  #controller: Dispatcher.DispatchController | undefined;
  #ended = false;

  constructor(receiver: OutboundReceiver, signal: AbortSignal | undefined) {
    this.#receiver = receiver;
    this.#signal = signal;
    signal?.addEventListener("abort", this.#onAbort);
  }

  pause(): void {
    if (!this.#ended) this.#controller?.pause();
  }

  resume(): void {
    if (!this.#ended) this.#controller?.resume();
  }

  abort(): void {
    if (this.#end()) this.#controller?.abort(unwanted());
  }

  /** It could not even be sent. */
  fail(error: unknown): void {
    if (this.#end()) this.#receiver.onError(error);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#ended) controller.abort(unwanted());
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: Parameters<NonNullable<Dispatcher.DispatchHandler["onResponseStart"]>>[2],
  ): void {
    // Below 200 it is only a hint of the response to come.
    if (statusCode >= 200) this.#receiver.onHead(statusCode, headers);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#receiver.onData(chunk);
  }

  onResponseEnd(): void {
    if (this.#end()) this.#receiver.onEnd();
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    this.fail(error);
  }

  readonly #onAbort = (): void => {
    const { reason }: { reason?: unknown } = this.#signal ?? {};
    if (!this.#end()) return;
    this.#controller?.abort(unwanted());
    this.#receiver.onError(reason);
  };

  /** @returns false when it had ended before */
  #end(): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    this.#signal?.removeEventListener("abort", this.#onAbort);
    return true;
  }
}

function unwanted(): Error {
  return new Error("the response was not wanted any more");
}
