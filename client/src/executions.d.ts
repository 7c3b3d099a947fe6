import { ExecutionStream, type StreamOptions } from "./execution-stream.ts";
import type { Transport } from "./transport.ts";
import type { CancelledExecution, Execution, ExecutionQuery, Page, ToolResult } from "./types.ts";
export declare class Executions {
    #private;
    constructor(transport: Transport);
    list(query?: ExecutionQuery): Promise<Page<Execution>>;
    listAll(query?: ExecutionQuery): AsyncGenerator<Execution, void>;
    get(executionId: string): Promise<Execution>;
    /** Joins the events of an execution: those after the given number, then live ones, to the end or to a pause. */
    watch(executionId: string, options?: StreamOptions & {
        after?: number;
    }): ExecutionStream;
    /** Answers once the execution has stopped. @throws ConflictError when it had ended otherwise before */
    cancel(executionId: string): Promise<CancelledExecution>;
    /** A new execution with the version and input of one that has ended. */
    restart(executionId: string): Promise<Execution>;
    /** Answers all pending client-side tool calls; resolves with the execution at its end or at its next pause. */
    submitToolResults(executionId: string, toolResults: ToolResult[]): Promise<Execution>;
    /**
     * The same, with the events that follow.
     * @param options.after number of the last event seen (`lastEventId` of the stream that ended at the pause)
     */
    continueWithToolResults(executionId: string, toolResults: ToolResult[], options?: StreamOptions & {
        after?: number;
    }): ExecutionStream;
}
