/**
 * Calls that wait for the end of an execution, given up together when the server closes. They share one listener: a
 * signal looks through all that it has for each that is added or taken off, 1 µs with 64 and 9 with a thousand.
 */
export class WaitingCalls {
  readonly #controllers = new Set<AbortController>();

  /** @param closing aborted when the server closes */
  constructor(closing: AbortSignal) {
    closing.addEventListener("abort", () => {
      for (const controller of this.#controllers) controller.abort();
    });
  }

  /** From now on `controller` is aborted with all others, until it is taken back. */
  add(controller: AbortController): void {
    this.#controllers.add(controller);
  }

  delete(controller: AbortController): void {
    this.#controllers.delete(controller);
  }
}
