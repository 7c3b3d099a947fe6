import { idSegment } from "./id-segment.ts";
import { ApiError, ConnectionError } from "./errors.ts";
import { pause } from "./pause.ts";
import { readServerSentMessages } from "./server-sent-events.ts";
import { type Call, isSoonOver, randomKey, type Transport } from "./transport.ts";
import type { CancelledExecution, Execution, StreamEvent } from "./types.ts";

export interface StreamOptions {
  /** Leaves the stream; the execution goes on. */
  signal?: AbortSignal;
  /** Connections in a row that bring nothing before the stream gives up. Default 8. */
  maxReconnects?: number;
  /** Silence after which a connection counts as dead, in milliseconds. Default 60,000; the server pings every 15 s. */
  idleTimeoutMs?: number;
}

/**
 * The events of one execution, in order, each once. A connection that drops is opened again from the number after the
 * last event seen, so the loop over the stream does not notice. Leaving the loop leaves the execution running;
 * `cancel()` ends it. The last event is `done` or `error`.
 *
 * @throws ConnectionError from the loop, when the server stays away; ApiError when it refuses
 */
export class ExecutionStream implements AsyncIterable<StreamEvent> {
  /** Known from the first answer on. */
  executionId: string | undefined;
  conversationId: string | undefined;
  /** Number of the last event seen; 0 before the first. */
  lastEventId: number;
  readonly #transport: Transport;
  readonly #options: StreamOptions;
  readonly #events: AsyncGenerator<StreamEvent, void>;

  /**
   * @param first the call that opens the stream, sent when the loop begins; when absent, the execution is joined
   * @param from the execution, when it is known already, and the number after which to begin
   */
  constructor(
    transport: Transport,
    first: Call | undefined,
    from: { executionId?: string; after?: number },
    options: StreamOptions = {},
  ) {
    this.#transport = transport;
    this.#options = options;
    this.executionId = from.executionId;
    this.lastEventId = from.after ?? 0;
    this.#events = this.#read(first === undefined ? undefined : { ...first, idempotencyKey: randomKey() });
  }

  [Symbol.asyncIterator](): AsyncIterator<StreamEvent> {
    return this.#events;
  }

  /** Reads to the end and answers with the execution as the server has it then. */
  async finalExecution(): Promise<Execution> {
    for await (const _event of this.#events);
    return this.#transport.json<Execution>({ method: "GET", path: executionPath(this.#knownId()) });
  }

  /** Cancels the execution; the stream then ends with `done` of status `cancelled`. */
  cancel(): Promise<CancelledExecution> {
    return this.#transport.json<CancelledExecution>({
      method: "POST",
      path: `${executionPath(this.#knownId())}/cancel`,
      body: {},
    });
  }

  async *#read(first: Call | undefined): AsyncGenerator<StreamEvent, void> {
    const maxReconnects = this.#options.maxReconnects ?? 8;
    let opening = first;
    for (let failures = 0; ;) {
      try {
        for await (const event of this.#connect(opening)) {
          failures = 0;
          yield event;
          if (event.type === "done" || event.type === "error") return;
        }
        throw new ConnectionError("The stream ended before the execution did.");
      } catch (error) {
        this.#options.signal?.throwIfAborted();
        const isWorthAnother =
          error instanceof ConnectionError ||
          (error instanceof ApiError && (error.status === 429 || error.status >= 502) && isSoonOver(error));
        failures += 1;
        if (!isWorthAnother || failures > maxReconnects) throw error;
        if (this.executionId !== undefined) opening = undefined;
        const retryAfterMs = error instanceof ApiError ? error.retryAfterMs : undefined;
        await pause(retryAfterMs ?? Math.min(100 * 2 ** (failures - 1), 5_000), this.#options.signal);
      }
    }
  }

  /** One connection: the opening call, or a join from the last number seen. Events seen before are dropped. */
  async *#connect(opening: Call | undefined): AsyncGenerator<StreamEvent, void> {
    const seen = this.lastEventId;
    const controller = new AbortController();
    const stop = () => controller.abort(this.#options.signal?.reason);
    this.#options.signal?.addEventListener("abort", stop, { once: true });
    try {
      const headers = { Accept: "text/event-stream" };
      const joined: Call = opening ?? {
        method: "GET",
        path: `${executionPath(this.#knownId())}/stream`,
        ...(this.lastEventId > 0 ? { headers: { "Last-Event-ID": String(this.lastEventId) } } : {}),
      };
      this.#options.signal?.throwIfAborted();
      const response = await this.#transport.send({
        ...joined,
        headers: { ...joined.headers, ...headers },
        signal: controller.signal,
      });
      this.executionId ??= response.headers.get("X-Execution-Id") ?? undefined;
      this.conversationId ??= response.headers.get("X-Conversation-Id") ?? undefined;
      if (response.body === null) throw new ConnectionError("The stream has no body.");
      for await (const message of readServerSentMessages(this.#chunks(response.body, controller))) {
        const number = Number(message.id);
        // The last frame may carry the number of the event before it, so only earlier connections count as seen.
        if (number > 0 && number <= seen) continue;
        const event: StreamEvent = JSON.parse(message.data);
        if (number > 0) this.lastEventId = number;
        if (event.type === "execution_start") {
          this.executionId = event.executionId;
          this.conversationId = event.conversationId ?? undefined;
        }
        yield event;
      }
    } finally {
      this.#options.signal?.removeEventListener("abort", stop);
      controller.abort();
    }
  }

  /** The body's chunks; a break or a silence is a `ConnectionError`. */
  async *#chunks(body: ReadableStream<Uint8Array>, controller: AbortController): AsyncGenerator<Uint8Array, void> {
    const idleTimeoutMs = this.#options.idleTimeoutMs ?? 60_000;
    const reader = body.getReader();
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      for (;;) {
        timer = setTimeout(() => controller.abort(), idleTimeoutMs);
        const { done, value } = await reader.read();
        clearTimeout(timer);
        if (done) return;
        yield value;
      }
    } catch (cause) {
      throw new ConnectionError("The stream broke off.", { cause });
    } finally {
      clearTimeout(timer);
      await reader.cancel().catch(() => undefined);
    }
  }

  #knownId(): string {
    if (this.executionId === undefined) {
      throw new ConnectionError("The stream broke off before the server named the execution.");
    }
    return this.executionId;
  }
}

function executionPath(executionId: string): string {
  return `/v1/executions/${idSegment(executionId)}`;
}
