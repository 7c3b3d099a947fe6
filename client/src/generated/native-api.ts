// Generated from the OpenAPI document by scripts/write-client-types.ts. Do not edit.

/** Any JSON value. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

export type Agent = ChatAgent | CodeAgent;

export type AgentVersion = ChatAgentVersion | CodeAgentVersion;

export type CancelledExecution = {
  id: string;
  status: "cancelled";
  output: string;
  usage: {
    inputTokens: number;
    outputTokens: number;
    totalTokens: number;
  };
};

export type ChatAgent = {
  id: string;
  status: "active" | "paused";
  /** Number of the current version. */
  version: number;
  /** ISO 8601 in UTC. */
  createdAt: string;
  /** ISO 8601 in UTC. */
  updatedAt: string;
  runtime: "chat";
  name: string;
  model: string;
  systemPrompt: string;
  tools: Tool[];
  parameters: {
    temperature?: number;
    maxTokens?: number;
    topP?: number;
  };
  memory: {
    /** Whether earlier turns are sent to the model. Default true. */
    enabled: boolean;
    /** Newest turns that are sent. Default 50. */
    maxTurns: number;
    /** Whether older turns are sent as a summary. Default false. */
    summarize: boolean;
  };
  /** JSON Schema of the final answer; the answer is then held to it. */
  outputSchema?: { [key: string]: Json };
  template?: string;
  /** Values are text of up to 512 characters, numbers or booleans. */
  metadata: { [key: string]: string | number | boolean };
};

export type ChatAgentVersion = {
  id: string;
  agentId: string;
  version: number;
  /** ISO 8601 in UTC. */
  createdAt: string;
  runtime: "chat";
  name: string;
  model: string;
  systemPrompt: string;
  tools: Tool[];
  parameters: {
    temperature?: number;
    maxTokens?: number;
    topP?: number;
  };
  memory: {
    /** Whether earlier turns are sent to the model. Default true. */
    enabled: boolean;
    /** Newest turns that are sent. Default 50. */
    maxTurns: number;
    /** Whether older turns are sent as a summary. Default false. */
    summarize: boolean;
  };
  /** JSON Schema of the final answer; the answer is then held to it. */
  outputSchema?: { [key: string]: Json };
  template?: string;
  /** Values are text of up to 512 characters, numbers or booleans. */
  metadata: { [key: string]: string | number | boolean };
};

export type CodeAgent = {
  id: string;
  status: "active" | "paused";
  /** Number of the current version. */
  version: number;
  /** ISO 8601 in UTC. */
  createdAt: string;
  /** ISO 8601 in UTC. */
  updatedAt: string;
  runtime: "code";
  name: string;
  description: string;
  label?: string;
  bundle?: {
    sha256: string;
    /** Bytes. */
    size: number;
  };
  adapter: string;
  entryPoint?: string;
  /** `daemon` keeps one process for each user. Default `serverless`. */
  lifecycle: "serverless" | "interactive" | "daemon";
  network: {
    hosts?: string[];
  } | null;
  timeoutMs: number;
  memoryBytes: number;
  environmentNames: string[];
  /** What becomes of a run that dies with the server. Default `fail`: whether it took effect is not known. */
  onCrash: "fail" | "rerun";
  /** JSON Schema of the input, for forms; the program checks its input itself. */
  inputSchema?: { [key: string]: Json };
  /** Values are text of up to 512 characters, numbers or booleans. */
  metadata: { [key: string]: string | number | boolean };
};

export type CodeAgentVersion = {
  id: string;
  agentId: string;
  version: number;
  /** ISO 8601 in UTC. */
  createdAt: string;
  runtime: "code";
  name: string;
  description: string;
  label?: string;
  bundle?: {
    sha256: string;
    /** Bytes. */
    size: number;
  };
  adapter: string;
  entryPoint?: string;
  /** `daemon` keeps one process for each user. Default `serverless`. */
  lifecycle: "serverless" | "interactive" | "daemon";
  network: {
    hosts?: string[];
  } | null;
  timeoutMs: number;
  memoryBytes: number;
  environmentNames: string[];
  /** What becomes of a run that dies with the server. Default `fail`: whether it took effect is not known. */
  onCrash: "fail" | "rerun";
  /** JSON Schema of the input, for forms; the program checks its input itself. */
  inputSchema?: { [key: string]: Json };
  /** Values are text of up to 512 characters, numbers or booleans. */
  metadata: { [key: string]: string | number | boolean };
};

export type Conversation = {
  id: string;
  /** The agent that opened it. */
  agentId: string;
  /** Tokens used by its executions in all. */
  tokenCount: number;
  /** Entries of `turns`. */
  turnCount: number;
  session: { [key: string]: Json };
  /** ISO 8601 in UTC. */
  createdAt: string;
  /** ISO 8601 in UTC. */
  lastActiveAt: string;
  /** Oldest first. */
  turns: Turn[];
};

export type ConversationSummary = {
  id: string;
  /** The agent that opened it. */
  agentId: string;
  /** Tokens used by its executions in all. */
  tokenCount: number;
  /** Entries of `turns`. */
  turnCount: number;
  session: { [key: string]: Json };
  /** ISO 8601 in UTC. */
  createdAt: string;
  /** ISO 8601 in UTC. */
  lastActiveAt: string;
};

export type CreateAgentRequest = CreateChatAgentRequest | CreateCodeAgentRequest;

export type CreateChatAgentRequest = {
  /** An LLM tool loop; this is the default. */
  runtime?: "chat";
  name: string;
  /** A model name; see the operator's alias table. */
  model: string;
  /** Required unless a template gives it. */
  systemPrompt?: string;
  tools?: ToolRequest[];
  parameters?: {
    temperature?: number;
    maxTokens?: number;
    topP?: number;
  };
  memory?: {
    /** Whether earlier turns are sent to the model. Default true. */
    enabled?: boolean;
    /** Newest turns that are sent. Default 50. */
    maxTurns?: number;
    /** Whether older turns are sent as a summary. Default false. */
    summarize?: boolean;
  };
  /** JSON Schema of the final answer; the answer is then held to it. */
  outputSchema?: { [key: string]: Json };
  /** Id of a template of the server; gives the system prompt. Gone once the agent has another prompt. */
  template?: string;
  /** Values are text of up to 512 characters, numbers or booleans. */
  metadata?: { [key: string]: string | number | boolean };
};

export type CreateCodeAgentRequest = {
  /** Your own program, run in a sandbox. */
  runtime: "code";
  name: string;
  /** Id of an uploaded file: a gzip tarball of the program. */
  bundle: string;
  /** How the entry point is called. */
  adapter: "python" | "langchain" | "langgraph" | "crewai" | "node";
  /** `module:attribute` for Python; a shell command for Node, `npm start` when absent. */
  entryPoint?: string;
  /** The version as you name it, e.g. `1.2.0`; once within an agent. */
  label?: string;
  description?: string;
  /** `daemon` keeps one process for each user. Default `serverless`. */
  lifecycle?: "serverless" | "interactive" | "daemon";
  /** Absent or null: no network. */
  network?: {
    hosts?: string[];
  } | null;
  /** Default 600,000. */
  timeoutMs?: number;
  /** Default 2 GiB. */
  memoryBytes?: number;
  /** Variables of the server's setting `code.environment` that it is given. */
  environmentNames?: string[];
  /** What becomes of a run that dies with the server. Default `fail`: whether it took effect is not known. */
  onCrash?: "fail" | "rerun";
  /** JSON Schema of the input, for forms; the program checks its input itself. */
  inputSchema?: { [key: string]: Json };
  /** Values are text of up to 512 characters, numbers or booleans. */
  metadata?: { [key: string]: string | number | boolean };
};

export type CreatedKey = {
  id: string;
  name: string;
  /** The first 16 characters of the key. */
  prefix: string;
  environment: "live" | "test";
  scopes: (
    | "agents:read"
    | "agents:write"
    | "agents:execute"
    | "analytics:read"
    | "keys:manage"
    | "webhooks:manage"
    | "organizations:manage"
    | "admin"
    | "internal"
  )[];
  lastUsed: string | null;
  expiresAt: string | null;
  /** ISO 8601 in UTC. */
  createdAt: string;
  /** The key itself, shown only here. */
  key: string;
};

export type CreatedOrganization = {
  id: string;
  name: string;
  plan: "starter" | "professional" | "enterprise";
  /** US dollars that its executions may cost; null: no limit. */
  creditLimitUsd: number | null;
  spentUsd: number;
  /** Held for executions that have not ended. */
  reservedUsd: number;
  /** ISO 8601 in UTC. */
  createdAt: string;
  /** Its first API key, shown only here. */
  key: string;
};

export type CreatedWebhook = {
  id: string;
  url: string;
  events: (
    | "execution.started"
    | "execution.completed"
    | "execution.failed"
    | "execution.cancelled"
    | "tool.called"
    | "tool.error"
    | "agent.created"
    | "agent.updated"
    | "agent.deleted"
    | "key.created"
    | "key.revoked"
  )[];
  agentId?: string;
  status: "active" | "disabled";
  /** ISO 8601 in UTC. */
  createdAt: string;
  /** Signs the deliveries; shown only here. */
  secret: string;
};

export type CreateJobRequest = {
  agentId: string;
  /** What each run is given. A chat agent reads `message`, or the whole as text. */
  input: { [key: string]: Json };
  /** When it runs. Absent: once, at once. */
  schedule?: string;
  /** IANA name of the zone that the schedule is read in. */
  timeZone?: string;
  /** What becomes of runs whose time passed while nobody could start them: one for all, or none. */
  missedRuns?: "skip" | "once";
  name?: string;
  /** For whom a code agent runs; names its workspace. */
  userId?: string;
};

export type CreateKeyRequest = {
  name: string;
  /** Test keys see an organization of their own. */
  environment: "live" | "test";
  /** Default: agents:read, agents:write, agents:execute, analytics:read. */
  scopes?: (
    | "agents:read"
    | "agents:write"
    | "agents:execute"
    | "analytics:read"
    | "keys:manage"
    | "webhooks:manage"
    | "organizations:manage"
    | "admin"
    | "internal"
  )[];
  /** Null or absent: never. */
  expiresAt?: string | null;
};

export type CreateMemoryStoreRequest = {
  name: string;
  /** Tells the agent what the store is for. */
  description?: string;
  /** Whether agents may write and delete entries. Default true. */
  agentWritable?: boolean;
  /** Values are text of up to 512 characters, numbers or booleans. */
  metadata?: { [key: string]: string | number | boolean };
};

export type CreateOrganizationRequest = {
  name: string;
  plan?: "starter" | "professional" | "enterprise";
  /** US dollars that its executions may cost; null: no limit. */
  creditLimitUsd?: number | null;
};

export type CreateWebhookRequest = {
  /** An absolute http or https URL. */
  url: string;
  events: (
    | "execution.started"
    | "execution.completed"
    | "execution.failed"
    | "execution.cancelled"
    | "tool.called"
    | "tool.error"
    | "agent.created"
    | "agent.updated"
    | "agent.deleted"
    | "key.created"
    | "key.revoked"
  )[];
  /** Narrows execution and agent events to one agent. */
  agentId?: string;
};

export type Error = {
  error: {
    type:
      | "invalid_request_error"
      | "authentication_error"
      | "permission_error"
      | "not_found_error"
      | "conflict_error"
      | "validation_error"
      | "rate_limit_error"
      | "internal_error"
      | "upstream_error"
      | "overloaded_error";
    /** Stable, for programs. */
    code: string;
    /** For people: what was expected, what came, what to do. */
    message: string;
    /** The field at fault, nested with dots. */
    param?: string;
    /** The same as the header X-Request-Id. */
    requestId: string;
    /** The execution that failed, when there is one. */
    executionId?: string;
  };
};

export type ExecuteRequest = {
  /** A message; for code agents also an object. */
  input: string | { [key: string]: Json };
  /** Continues this conversation; absent: a new one begins. */
  conversationId?: string;
  /** Answer with server-sent events. */
  stream?: boolean;
  memory?: {
    /** Key/value pairs the agent may use, carried along in the conversation. Null removes a key. */
    session?: { [key: string]: Json };
  };
  /** Ids of persistent memory stores to attach. */
  memoryStores?: string[];
  /** Values are text of up to 512 characters, numbers or booleans. */
  metadata?: { [key: string]: string | number | boolean };
};

export type Execution = {
  id: string;
  agentId: string | null;
  conversationId: string | null;
  /** `requires_action` appears only for agents with tools that the client runs. */
  status: "running" | "completed" | "failed" | "cancelled" | "requires_action";
  input?: string;
  /** The final text; the text so far while running or when cancelled; never null. */
  output: string;
  /** In the order they started. */
  toolCalls: ToolCall[];
  usage: Usage;
  timing: Timing;
  metadata: { [key: string]: Json };
  /** Only when failed. */
  error?: {
    type:
      | "invalid_request_error"
      | "authentication_error"
      | "permission_error"
      | "not_found_error"
      | "conflict_error"
      | "validation_error"
      | "rate_limit_error"
      | "internal_error"
      | "upstream_error"
      | "overloaded_error";
    code: string;
    message: string;
  };
  /** ISO 8601 in UTC. */
  createdAt: string;
  /** ISO 8601 in UTC. */
  completedAt?: string;
};

export type File = {
  id: string;
  name: string;
  /** Media type. */
  type: string;
  /** Bytes. */
  size: number;
  sha256: string;
  /** ISO 8601 in UTC. */
  createdAt: string;
};

export type Job = {
  id: string;
  agentId: string;
  userId: string;
  name?: string;
  input: { [key: string]: Json };
  schedule?: string;
  timeZone: string;
  missedRuns: "skip" | "once";
  /** `completed`: its last run was started; `failed`: its only run could not be started. */
  status: "active" | "paused" | "completed" | "failed" | "cancelled";
  /** ISO 8601 in UTC. */
  nextRunAt?: string;
  /** When the last run was started, or could not be. */
  lastRunAt?: string;
  lastExecution?: {
    id: string;
    status: "running" | "completed" | "failed" | "cancelled" | "requires_action";
  };
  /** Runs that were started. */
  runCount: number;
  /** Why the last run could not be started. */
  lastError?: {
    code: string;
    message: string;
  };
  /** ISO 8601 in UTC. */
  createdAt: string;
  /** ISO 8601 in UTC. */
  updatedAt: string;
};

export type Key = {
  id: string;
  name: string;
  /** The first 16 characters of the key. */
  prefix: string;
  environment: "live" | "test";
  scopes: (
    | "agents:read"
    | "agents:write"
    | "agents:execute"
    | "analytics:read"
    | "keys:manage"
    | "webhooks:manage"
    | "organizations:manage"
    | "admin"
    | "internal"
  )[];
  lastUsed: string | null;
  expiresAt: string | null;
  /** ISO 8601 in UTC. */
  createdAt: string;
};

export type MemoryEntry = {
  id: string;
  storeId: string;
  key: string | null;
  content: string;
  /** Values are text of up to 512 characters, numbers or booleans. */
  metadata: { [key: string]: string | number | boolean };
  /** The execution whose agent wrote it. */
  sourceExecutionId?: string;
  /** Higher is better; only in answers to a search. */
  score?: number;
  /** ISO 8601 in UTC. */
  createdAt: string;
  /** ISO 8601 in UTC. */
  updatedAt: string;
};

export type MemoryStore = {
  id: string;
  name: string;
  description: string;
  agentWritable: boolean;
  entryCount: number;
  /** Values are text of up to 512 characters, numbers or booleans. */
  metadata: { [key: string]: string | number | boolean };
  /** ISO 8601 in UTC. */
  createdAt: string;
  /** ISO 8601 in UTC. */
  updatedAt: string;
};

export type Organization = {
  id: string;
  name: string;
  plan: "starter" | "professional" | "enterprise";
  /** US dollars that its executions may cost; null: no limit. */
  creditLimitUsd: number | null;
  spentUsd: number;
  /** Held for executions that have not ended. */
  reservedUsd: number;
  /** ISO 8601 in UTC. */
  createdAt: string;
};

export type PutMemoryEntryRequest = {
  content: string;
  /** An entry of the same key is replaced. */
  key?: string;
  /** Values are text of up to 512 characters, numbers or booleans. */
  metadata?: { [key: string]: string | number | boolean };
};

export type StreamEvent =
  | {
      type: "execution_start";
      executionId: string;
      agentId: string | null;
      conversationId: string | null;
      /** ISO 8601 in UTC. */
      createdAt: string;
    }
  | {
      type: "text_delta";
      text: string;
    }
  | {
      type: "thinking";
      text: string;
    }
  | {
      type: "tool_call_start";
      id: string;
      name: string;
      parameters: { [key: string]: Json };
    }
  | {
      type: "tool_call_end";
      id: string;
      name: string;
      result: Json;
      duration: number;
      error?: {
        code: string;
        message: string;
      };
    }
  | {
      type: "tool_call_required";
      id: string;
      name: string;
      parameters: { [key: string]: Json };
    }
  | {
      type: "done";
      executionId: string;
      conversationId: string | null;
      status: "completed" | "cancelled" | "requires_action";
      output: string;
      usage: Usage;
      timing: Timing;
    }
  | {
      type: "error";
      message: string;
      code: string;
      errorType:
        | "invalid_request_error"
        | "authentication_error"
        | "permission_error"
        | "not_found_error"
        | "conflict_error"
        | "validation_error"
        | "rate_limit_error"
        | "internal_error"
        | "upstream_error"
        | "overloaded_error";
      requestId: string;
      executionId: string;
      usage: Usage;
    };

export type Timing = {
  /** From acceptance to the end. */
  totalMs: number;
  /** From acceptance to the first text; null when no text came. */
  firstTokenMs: number | null;
  /** Time in which at least one tool call ran. */
  toolCallMs: number;
};

export type Tool =
  | {
      name: "web_search" | "calculator" | "datetime" | "json_validator" | "text_summarizer";
    }
  | {
      /** Unique in the agent. */
      name: string;
      /** Shown to the model. */
      description: string;
      /** JSON Schema of type object. */
      parameters: { [key: string]: Json };
      /** Called with POST; answers JSON. */
      handler: string;
      /** Milliseconds, per attempt. Default 10,000. */
      timeout: number;
      /** Further attempts after a failure. Default 0. */
      retries: number;
      /** What a repeated call does at the handler: nothing (`safe`), the same as one call (`idempotent`, the default), or harm (`once`: after a crash such a call is not sent again). */
      effect: "safe" | "idempotent" | "once";
    }
  | {
      /** Unique in the agent. */
      name: string;
      description: string;
      /** JSON Schema of type object. */
      parameters: { [key: string]: Json };
    }
  | {
      type: "mcp";
      /** Stands before the names of the server's tools. */
      name: string;
      /** An MCP server over streamable HTTP. */
      url: string;
      /** Names only; values are hidden. */
      headers: { [key: string]: string };
      /** Absent: all of them. */
      allowedTools?: string[];
      /** Milliseconds, per attempt. Default 10,000. */
      timeout?: number;
      /** What a repeated call does at the handler: nothing (`safe`), the same as one call (`idempotent`, the default), or harm (`once`: after a crash such a call is not sent again). */
      effect?: "safe" | "idempotent" | "once";
    };

export type ToolCall = {
  id: string;
  name: string;
  parameters: { [key: string]: Json };
  /** Null while pending and after a failure. */
  result: Json;
  /** Milliseconds; null while pending. */
  duration: number | null;
  error?: {
    code: string;
    message: string;
  };
};

/** A built-in by its name, a tool with a handler, a tool that the client runs, or an MCP server. */
export type ToolRequest =
  | "web_search"
  | "calculator"
  | "datetime"
  | "json_validator"
  | "text_summarizer"
  | {
      name: "web_search" | "calculator" | "datetime" | "json_validator" | "text_summarizer";
    }
  | {
      /** Unique in the agent. */
      name: string;
      /** Shown to the model. */
      description?: string;
      /** JSON Schema of type object. */
      parameters?: { [key: string]: Json };
      /** Called with POST; answers JSON. */
      handler: string;
      /** Milliseconds, per attempt. Default 10,000. */
      timeout?: number;
      /** Further attempts after a failure. Default 0. */
      retries?: number;
      /** What a repeated call does at the handler: nothing (`safe`), the same as one call (`idempotent`, the default), or harm (`once`: after a crash such a call is not sent again). */
      effect?: "safe" | "idempotent" | "once";
    }
  | {
      /** Unique in the agent. */
      name: string;
      description: string;
      /** JSON Schema of type object. */
      parameters: { [key: string]: Json };
    }
  | {
      type: "mcp";
      /** Stands before the names of the server's tools. */
      name: string;
      /** An MCP server over streamable HTTP. */
      url: string;
      /** Sent with each call. Values are kept sealed and never shown again. */
      headers?: { [key: string]: string };
      /** Absent: all of them. */
      allowedTools?: string[];
      /** Milliseconds, per attempt. Default 10,000. */
      timeout?: number;
      /** What a repeated call does at the handler: nothing (`safe`), the same as one call (`idempotent`, the default), or harm (`once`: after a crash such a call is not sent again). */
      effect?: "safe" | "idempotent" | "once";
    };

export type ToolResults = {
  /** One for every pending call. */
  toolResults: {
    toolCallId: string;
    result?: Json;
    /** What went wrong, told to the model. */
    error?: string;
  }[];
  stream?: boolean;
};

export type Turn = {
  role: "user" | "assistant";
  content: string;
  toolCalls?: ToolCall[];
  /** ISO 8601 in UTC. */
  timestamp: string;
  executionId: string;
};

export type UpdateAgentRequest = {
  /** Id of an uploaded file: a gzip tarball of the program. */
  bundle?: string;
  /** How the entry point is called. */
  adapter?: "python" | "langchain" | "langgraph" | "crewai" | "node";
  entryPoint?: string | null;
  label?: string | null;
  description?: string;
  /** `daemon` keeps one process for each user. Default `serverless`. */
  lifecycle?: "serverless" | "interactive" | "daemon";
  network?: {
    hosts?: string[];
  } | null;
  /** Default 600,000. */
  timeoutMs?: number;
  /** Default 2 GiB. */
  memoryBytes?: number;
  /** Variables of the server's setting `code.environment` that it is given. */
  environmentNames?: string[];
  /** What becomes of a run that dies with the server. Default `fail`: whether it took effect is not known. */
  onCrash?: "fail" | "rerun";
  inputSchema?: { [key: string]: Json } | null;
  name?: string;
  /** A model name; see the operator's alias table. */
  model?: string;
  systemPrompt?: string;
  /** `paused` refuses new executions. */
  status?: "active" | "paused";
  /** Replaces all tools. */
  tools?: ToolRequest[];
  /** Merged; null removes a member. */
  parameters?: {
    temperature?: number | null;
    maxTokens?: number | null;
    topP?: number | null;
  };
  /** Merged; null sets a member back to its default. */
  memory?: {
    enabled?: boolean | null;
    maxTurns?: number | null;
    summarize?: boolean | null;
  };
  outputSchema?: { [key: string]: Json } | null;
  template?: string | null;
  /** Merged over the present metadata; null removes a key. */
  metadata?: { [key: string]: string | number | boolean | null };
};

export type UpdateJobRequest = {
  /** `paused`: nothing is started until it is `active` again. */
  status?: "active" | "paused";
};

export type UpdateMemoryEntryRequest = {
  content?: string;
  key?: string | null;
  /** Values are text of up to 512 characters, numbers or booleans. */
  metadata?: { [key: string]: string | number | boolean };
};

export type UpdateMemoryStoreRequest = {
  name?: string;
  /** Tells the agent what the store is for. */
  description?: string;
  /** Whether agents may write and delete entries. Default true. */
  agentWritable?: boolean;
  /** Values are text of up to 512 characters, numbers or booleans. */
  metadata?: { [key: string]: string | number | boolean };
};

export type UpdateOrganizationRequest = {
  name?: string;
  plan?: "starter" | "professional" | "enterprise";
  /** US dollars that its executions may cost; null: no limit. */
  creditLimitUsd?: number | null;
};

export type UpdateWebhookRequest = {
  /** An absolute http or https URL. */
  url?: string;
  events?: (
    | "execution.started"
    | "execution.completed"
    | "execution.failed"
    | "execution.cancelled"
    | "tool.called"
    | "tool.error"
    | "agent.created"
    | "agent.updated"
    | "agent.deleted"
    | "key.created"
    | "key.revoked"
  )[];
  status?: "active" | "disabled";
};

export type Usage = {
  inputTokens: number;
  outputTokens: number;
  /** Input and output together; cache tokens are not added. */
  totalTokens: number;
  cacheReadTokens: number;
  cacheWriteTokens: number;
};

export type UsageReport = {
  data: {
    /** A day, an agent's id or a model's name. */
    key: string;
    executions: number;
    usage: Usage;
    /** Null when a model of unknown price took part. */
    costUsd: number | null;
  }[];
  total: {
    executions: number;
    usage: Usage;
    /** Null when a model of unknown price took part. */
    costUsd: number | null;
  };
};

export type Webhook = {
  id: string;
  url: string;
  events: (
    | "execution.started"
    | "execution.completed"
    | "execution.failed"
    | "execution.cancelled"
    | "tool.called"
    | "tool.error"
    | "agent.created"
    | "agent.updated"
    | "agent.deleted"
    | "key.created"
    | "key.revoked"
  )[];
  agentId?: string;
  status: "active" | "disabled";
  /** ISO 8601 in UTC. */
  createdAt: string;
};
