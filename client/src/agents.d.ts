import { ExecutionStream, type StreamOptions } from "./execution-stream.ts";
import type { Transport } from "./transport.ts";
import type { Agent, AgentChange, AgentFields, AgentStatus, AgentVersion, Deleted, ExecuteRequest, Execution, Page, PageQuery } from "./types.ts";
export interface AgentQuery extends PageQuery {
    status?: AgentStatus;
    /** Part of the name, in any case. */
    name?: string;
}
export interface CallOptions {
    signal?: AbortSignal;
}
export declare class Agents {
    #private;
    constructor(transport: Transport);
    create(agent: AgentFields): Promise<Agent>;
    list(query?: AgentQuery): Promise<Page<Agent>>;
    listAll(query?: AgentQuery): AsyncGenerator<Agent, void>;
    get(agentId: string): Promise<Agent>;
    /** Only the fields sent change; each change is a new version. */
    update(agentId: string, change: AgentChange): Promise<Agent>;
    delete(agentId: string): Promise<Deleted>;
    versions(agentId: string, query?: PageQuery): Promise<Page<AgentVersion>>;
    /** Makes a new version with the definition of an older one; without a number, of the one before the current. */
    rollback(agentId: string, version?: number): Promise<Agent>;
    /** The secret that signs this agent's calls to its tool handlers. */
    toolSecret(agentId: string): Promise<{
        secret: string;
    }>;
    /**
     * Executes an agent. With `stream: true` the answer is a stream to loop over; otherwise a promise of the execution at
     * its end, or at `requires_action`.
     * @throws ApiError with `executionId` when the execution was accepted and failed
     */
    execute(agentId: string, request: ExecuteRequest & {
        stream: true;
    }, options?: StreamOptions): ExecutionStream;
    execute(agentId: string, request: ExecuteRequest & {
        stream?: false;
    }, options?: CallOptions): Promise<Execution>;
    /** Starts an execution and answers with it as soon as it is durable. */
    start(agentId: string, request: ExecuteRequest): Promise<Execution>;
}
