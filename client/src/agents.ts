import { idSegment } from "./id-segment.ts";
import { ExecutionStream, type StreamOptions } from "./execution-stream.ts";
import type { Transport } from "./transport.ts";
import type {
  Agent,
  AgentChange,
  AgentFields,
  AgentStatus,
  AgentVersion,
  Deleted,
  ExecuteRequest,
  Execution,
  Page,
  PageQuery,
} from "./types.ts";
import { walkPages } from "./walk-pages.ts";

export interface AgentQuery extends PageQuery {
  status?: AgentStatus;
  /** Part of the name, in any case. */
  name?: string;
}

export interface CallOptions {
  signal?: AbortSignal;
}

export class Agents {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  create(agent: AgentFields): Promise<Agent> {
    return this.#transport.json({ method: "POST", path: "/v1/agents", body: agent });
  }

  list(query: AgentQuery = {}): Promise<Page<Agent>> {
    return this.#transport.json({ method: "GET", path: "/v1/agents", query: { ...query } });
  }

  listAll(query: AgentQuery = {}): AsyncGenerator<Agent, void> {
    return walkPages((at) => this.list(at), query);
  }

  get(agentId: string): Promise<Agent> {
    return this.#transport.json({ method: "GET", path: agentPath(agentId) });
  }

  /** Only the fields sent change; each change is a new version. */
  update(agentId: string, change: AgentChange): Promise<Agent> {
    return this.#transport.json({ method: "PATCH", path: agentPath(agentId), body: change });
  }

  delete(agentId: string): Promise<Deleted> {
    return this.#transport.json({ method: "DELETE", path: agentPath(agentId) });
  }

  versions(agentId: string, query: PageQuery = {}): Promise<Page<AgentVersion>> {
    return this.#transport.json({ method: "GET", path: `${agentPath(agentId)}/versions`, query: { ...query } });
  }

  /** Makes a new version with the definition of an older one; without a number, of the one before the current. */
  rollback(agentId: string, version?: number): Promise<Agent> {
    return this.#transport.json({
      method: "POST",
      path: `${agentPath(agentId)}/rollback`,
      body: version === undefined ? {} : { version },
    });
  }

  /** The secret that signs this agent's calls to its tool handlers. */
  toolSecret(agentId: string): Promise<{ secret: string }> {
    return this.#transport.json({ method: "GET", path: `${agentPath(agentId)}/tool-secret` });
  }

  /**
   * Executes an agent. With `stream: true` the answer is a stream to loop over; otherwise a promise of the execution at
   * its end, or at `requires_action`.
   * @throws ApiError with `executionId` when the execution was accepted and failed
   */
  execute(agentId: string, request: ExecuteRequest & { stream: true }, options?: StreamOptions): ExecutionStream;
  execute(agentId: string, request: ExecuteRequest & { stream?: false }, options?: CallOptions): Promise<Execution>;
  execute(
    agentId: string,
    request: ExecuteRequest & { stream?: boolean },
    options: StreamOptions = {},
  ): ExecutionStream | Promise<Execution> {
    const call = { method: "POST", path: `${agentPath(agentId)}/execute`, body: request } as const;
    if (request.stream === true) return new ExecutionStream(this.#transport, call, {}, options);
    return this.#transport.json({ ...call, ...(options.signal === undefined ? {} : { signal: options.signal }) });
  }

  /** Starts an execution and answers with it as soon as it is durable. */
  start(agentId: string, request: ExecuteRequest): Promise<Execution> {
    return this.#transport.json({
      method: "POST",
      path: `${agentPath(agentId)}/execute`,
      body: request,
      headers: { Prefer: "respond-async" },
    });
  }
}

function agentPath(agentId: string): string {
  return `/v1/agents/${idSegment(agentId)}`;
}
