import { ExecutionStream } from "./execution-stream.js";
import { walkPages } from "./walk-pages.js";
export class Executions {
    #transport;
    constructor(transport) {
        this.#transport = transport;
    }
    list(query = {}) {
        return this.#transport.json({ method: "GET", path: "/v1/executions", query: { ...query } });
    }
    listAll(query = {}) {
        return walkPages((at) => this.list(at), query);
    }
    get(executionId) {
        return this.#transport.json({ method: "GET", path: executionPath(executionId) });
    }
    /** Joins the events of an execution: those after the given number, then live ones, to the end or to a pause. */
    watch(executionId, options = {}) {
        const from = { executionId, ...(options.after === undefined ? {} : { after: options.after }) };
        return new ExecutionStream(this.#transport, undefined, from, options);
    }
    /** Answers once the execution has stopped. @throws ConflictError when it had ended otherwise before */
    cancel(executionId) {
        return this.#transport.json({ method: "POST", path: `${executionPath(executionId)}/cancel`, body: {} });
    }
    /** A new execution with the version and input of one that has ended. */
    restart(executionId) {
        return this.#transport.json({ method: "POST", path: `${executionPath(executionId)}/restart`, body: {} });
    }
    /** Answers all pending client-side tool calls; resolves with the execution at its end or at its next pause. */
    submitToolResults(executionId, toolResults) {
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
    continueWithToolResults(executionId, toolResults, options = {}) {
        const call = {
            method: "POST",
            path: `${executionPath(executionId)}/tool-results`,
            body: { toolResults, stream: true },
        };
        const from = options.after === undefined ? {} : { after: options.after };
        return new ExecutionStream(this.#transport, call, from, options);
    }
}
function executionPath(executionId) {
    return `/v1/executions/${encodeURIComponent(executionId)}`;
}
//# sourceMappingURL=executions.js.map