import { idSegment } from "./id-segment.ts";
import { ExecutionStream, type StreamOptions } from "./execution-stream.ts";
import type { Transport } from "./transport.ts";
import type { CancelledExecution, Execution, ExecutionQuery, Page, ToolResult } from "./types.ts";
import { walkPages } from "./walk-pages.ts";

export class Executions {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  list(query: ExecutionQuery = {}): Promise<Page<Execution>> {
    return this.#transport.json({ method: "GET", path: "/v1/executions", query: { ...query } });
  }

  listAll(query: ExecutionQuery = {}): AsyncGenerator<Execution, void> {
    return walkPages((at) => this.list(at), query);
  }

  get(executionId: string): Promise<Execution> {
    return this.#transport.json({ method: "GET", path: executionPath(executionId) });
  }

  /** Joins the events of an execution: those after the given number, then live ones, to the end or to a pause. */
  watch(executionId: string, options: StreamOptions & { after?: number } = {}): ExecutionStream {
    const from = { executionId, ...(options.after === undefined ? {} : { after: options.after }) };
    return new ExecutionStream(this.#transport, undefined, from, options);
  }

  /** Answers once the execution has stopped. @throws ConflictError when it had ended otherwise before */
  cancel(executionId: string): Promise<CancelledExecution> {
    return this.#transport.json({ method: "POST", path: `${executionPath(executionId)}/cancel`, body: {} });
  }

  /** A new execution with the version and input of one that has ended. */
  restart(executionId: string): Promise<Execution> {
    return this.#transport.json({ method: "POST", path: `${executionPath(executionId)}/restart`, body: {} });
  }

  /** Answers all pending client-side tool calls; resolves with the execution at its end or at its next pause. */
  submitToolResults(executionId: string, toolResults: ToolResult[]): Promise<Execution> {
    return this.#transport.json({
      method: "POST",
      path: `${executionPath(executionId)}/tool-results`,
      body: { toolResults },
    });
  }

  /**
   * The same, with the events that follow.
   * @param options.after number of the last event seen (`lastEventId` of the stream that ended at the pause)
   */
  continueWithToolResults(
    executionId: string,
    toolResults: ToolResult[],
    options: StreamOptions & { after?: number } = {},
  ): ExecutionStream {
    const call = {
      method: "POST",
      path: `${executionPath(executionId)}/tool-results`,
      body: { toolResults, stream: true },
    } as const;
    const from = options.after === undefined ? {} : { after: options.after };
    return new ExecutionStream(this.#transport, call, from, options);
  }
}

function executionPath(executionId: string): string {
  return `/v1/executions/${idSegment(executionId)}`;
}
