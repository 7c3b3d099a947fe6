import { type Call, type Transport } from "./transport.ts";
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
export declare class ExecutionStream implements AsyncIterable<StreamEvent> {
    #private;
    /** Known from the first answer on. */
    executionId: string | undefined;
    conversationId: string | undefined;
    /** Number of the last event seen; 0 before the first. */
    lastEventId: number;
    /**
     * @param first the call that opens the stream, sent when the loop begins; when absent, the execution is joined
     * @param from the execution, when it is known already, and the number after which to begin
     */
    constructor(transport: Transport, first: Call | undefined, from: {
        executionId?: string;
        after?: number;
    }, options?: StreamOptions);
    [Symbol.asyncIterator](): AsyncIterator<StreamEvent>;
    /** Reads to the end and answers with the execution as the server has it then. */
    finalExecution(): Promise<Execution>;
    /** Cancels the execution; the stream then ends with `done` of status `cancelled`. */
    cancel(): Promise<CancelledExecution>;
}
