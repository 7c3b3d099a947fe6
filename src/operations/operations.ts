import type { Readable } from "node:stream";
import type { Agent, AgentDefinition, AgentStatus, AgentVersion, Metadata } from "../contract/agent.ts";
import type { Conversation, Turn } from "../contract/conversation.ts";
import type { StoredEvent } from "../contract/events.ts";
import type { Execution, ExecutionStatus } from "../contract/execution.ts";
import type { StoredFile } from "../contract/file.ts";
import type { Id } from "../contract/ids.ts";
import type { Json, JsonObject } from "../contract/json.ts";
import type { MemoryEntry, MemoryStore } from "../contract/memory.ts";
import type { ApiKey, Environment, Organization, Plan, Principal, Scope } from "../contract/organization.ts";
import type { Page, PageRequest } from "../contract/page.ts";
import type { Usage } from "../contract/usage.ts";
import type { Webhook, WebhookEventType } from "../contract/webhook.ts";

/**
 * Every verb of the product, as the API dialects call them. One file each in this folder; `create-operations.ts` binds
 * them. Authorisation happens here: an operation throws `insufficient_scope` or the noun's `…_not_found`, and another
 * organization's object answers like one that does not exist.
 */
export interface Operations {
  /** @throws `invalid_api_key`, `expired_api_key` */
  authenticate(keyText: string): Promise<Principal>;
  /**
   * Takes one request out of the key's windows (per minute, per day), by the plan of its organization.
   * Undefined when the plan has no limit.
   */
  takeRequest(principal: Principal): RateLimitState | undefined;
  /** What an earlier call with this idempotency key came to. @throws `idempotency_mismatch` */
  findIdempotent(principal: Principal, request: IdempotencyRequest): Promise<IdempotentOutcome>;

  createAgent(caller: Caller, definition: AgentDefinition): Promise<Agent>;
  updateAgent(caller: Caller, agentId: Id, change: AgentChange): Promise<Agent>;
  getAgent(caller: Caller, agentId: Id): Promise<Agent>;
  listAgents(caller: Caller, filter: { status?: AgentStatus; name?: string }, page: PageRequest): Promise<Page<Agent>>;
  /** Running executions go on; new ones are refused. */
  deleteAgent(caller: Caller, agentId: Id): Promise<void>;
  listAgentVersions(caller: Caller, agentId: Id, page: PageRequest): Promise<Page<AgentVersion>>;
  /** Makes a new version with the definition of an older one; without a number, of the one before the current. */
  rollbackAgent(caller: Caller, agentId: Id, versionNumber: number | undefined): Promise<Agent>;
  /** The secret that signs this agent's calls to its tool handlers. */
  getToolSecret(caller: Caller, agentId: Id): Promise<string>;

  /** Resolves once the execution is durable; it may have begun. */
  executeAgent(caller: Caller, agentId: Id, request: ExecuteRequest): Promise<Execution>;
  getExecution(caller: Caller, executionId: Id): Promise<Execution>;
  /** What an execution is, without what it did. */
  describeExecution(caller: Caller, executionId: Id): Promise<ExecutionDescription>;
  listExecutions(caller: Caller, filter: ExecutionFilter, page: PageRequest): Promise<Page<Execution>>;
  /**
   * Waits for the end, or for `requires_action` (status `waiting` with pending client tool calls). When the signal aborts
   * first, resolves with the execution as it then is.
   */
  awaitExecution(caller: Caller, executionId: Id, signal: AbortSignal): Promise<Execution>;
  /**
   * The execution's log from the number after `after`: catches up, then live, in batches, ending after the terminal
   * event or where the execution begins to wait for tool results (`pause` of the options).
   * @throws `invalid_field_value` when `after` is past the newest number, `stream_expired`, `execution_not_found`
   */
  watchExecution(
    caller: Caller,
    executionId: Id,
    options: { after: number; signal: AbortSignal; endAtPause: boolean },
  ): Promise<AsyncIterable<readonly StoredEvent[]>>;
  /** Resolves after the execution has stopped and its numbers are final. @throws `execution_not_running` */
  cancelExecution(caller: Caller, executionId: Id, reason?: string): Promise<Execution>;
  /** Answers all pending client tool calls. @throws `execution_not_waiting`, `unprocessable` when one is left out */
  submitToolResults(caller: Caller, executionId: Id, results: ToolResultSubmission[]): Promise<Execution>;
  /** A new execution with the version and input of one that has ended. */
  restartExecution(caller: Caller, executionId: Id): Promise<Execution>;

  getConversation(caller: Caller, conversationId: Id): Promise<Conversation & { turns: Turn[] }>;
  listConversations(caller: Caller, filter: { agentId?: Id }, page: PageRequest): Promise<Page<Conversation>>;
  /** Cancels its running executions first. */
  deleteConversation(caller: Caller, conversationId: Id): Promise<void>;

  createMemoryStore(caller: Caller, store: MemoryStoreFields & { name: string }): Promise<MemoryStore>;
  getMemoryStore(caller: Caller, storeId: Id): Promise<MemoryStore>;
  updateMemoryStore(caller: Caller, storeId: Id, change: MemoryStoreFields): Promise<MemoryStore>;
  listMemoryStores(caller: Caller, page: PageRequest): Promise<Page<MemoryStore>>;
  deleteMemoryStore(caller: Caller, storeId: Id): Promise<void>;
  /** `created` is false when an entry of the same key was replaced. */
  putMemoryEntry(
    caller: Caller,
    storeId: Id,
    entry: { content: string; key?: string; metadata?: Metadata },
  ): Promise<{ entry: MemoryEntry; created: boolean }>;
  getMemoryEntry(caller: Caller, storeId: Id, entryId: Id): Promise<MemoryEntry>;
  updateMemoryEntry(
    caller: Caller,
    storeId: Id,
    entryId: Id,
    change: { content?: string; key?: string | null; metadata?: Metadata },
  ): Promise<MemoryEntry>;
  /** With `query`: by full-text score, best first, at most `limit`, never more pages. */
  listMemoryEntries(
    caller: Caller,
    storeId: Id,
    filter: { query?: string; key?: string },
    page: PageRequest,
  ): Promise<Page<MemoryEntry>>;
  deleteMemoryEntry(caller: Caller, storeId: Id, entryId: Id): Promise<void>;

  /** `key` is the full text, given only here. */
  createKey(
    caller: Caller,
    request: { name: string; environment: Environment; scopes?: Scope[]; expiresAt?: number },
  ): Promise<{ apiKey: ApiKey; key: string }>;
  listKeys(caller: Caller, page: PageRequest): Promise<Page<ApiKey>>;
  revokeKey(caller: Caller, keyId: Id): Promise<ApiKey>;

  /** `secret` is given only here. */
  createWebhook(
    caller: Caller,
    request: { url: string; events: WebhookEventType[]; agentId?: Id },
  ): Promise<{ webhook: Webhook; secret: string }>;
  getWebhook(caller: Caller, webhookId: Id): Promise<Webhook>;
  listWebhooks(caller: Caller, page: PageRequest): Promise<Page<Webhook>>;
  updateWebhook(
    caller: Caller,
    webhookId: Id,
    change: { url?: string; events?: WebhookEventType[]; status?: "active" | "disabled" },
  ): Promise<Webhook>;
  deleteWebhook(caller: Caller, webhookId: Id): Promise<void>;

  getUsage(caller: Caller, query: UsageQuery): Promise<UsageReport>;

  createOrganization(
    caller: Caller,
    request: { name: string; plan?: Plan; creditLimitNanoUsd?: number | null },
  ): Promise<{ organization: Organization; key: string }>;
  getOrganization(caller: Caller, organizationId: Id): Promise<Organization>;
  listOrganizations(caller: Caller, page: PageRequest): Promise<Page<Organization>>;
  updateOrganization(
    caller: Caller,
    organizationId: Id,
    change: { name?: string; plan?: Plan; creditLimitNanoUsd?: number | null },
  ): Promise<Organization>;

  /** Reads `content` to its end; nothing is kept when it breaks off or is too large. */
  createFile(caller: Caller, request: { name: string; type: string; content: Readable }): Promise<StoredFile>;
  getFile(caller: Caller, fileId: Id): Promise<StoredFile>;
  openFile(caller: Caller, fileId: Id): Promise<{ file: StoredFile; content: Readable }>;
  listFiles(caller: Caller, page: PageRequest): Promise<Page<StoredFile>>;
  deleteFile(caller: Caller, fileId: Id): Promise<void>;
}

/** A principal, and what an idempotent request wants written in the same transaction as its effect. */
export interface Caller extends Principal {
  idempotency?: IdempotencyRequest & {
    /** What to answer to a later call with the same key; called with the operation's result before it is committed. */
    render(result: unknown): { status: number; body: Json };
  };
}

export interface IdempotencyRequest {
  key: string;
  /** Method and path. */
  route: string;
  /** SHA-256 of the raw JSON value, hex. */
  bodyHash: string;
}

export type IdempotentOutcome =
  | { kind: "new" }
  | { kind: "answer"; status: number; body: Json }
  /** The first call started this execution; answer from its present state. */
  | { kind: "execution"; executionId: Id };

export interface RateLimitState {
  limit: number;
  remaining: number;
  /** Epoch milliseconds. */
  resetAt: number;
  /** Set when the request is over a limit: milliseconds to wait. */
  retryAfterMs: number | undefined;
}

export interface AgentChange {
  status?: AgentStatus;
  /** Gives the new definition from the current one; a result equal to it makes no new version. */
  define?: (current: AgentDefinition) => AgentDefinition;
}

export interface ExecuteRequest {
  /** The program's input in the domain's terms; for `chat` the text. */
  input: Json;
  conversationId?: Id;
  /** Merged over the conversation's, one level deep; null removes a key. */
  session?: JsonObject;
  memoryStoreIds?: Id[];
  metadata?: JsonObject;
}

export type ExecutionDescription = Pick<Execution, "id" | "agentId" | "conversationId" | "createdAt">;

export interface ExecutionFilter {
  agentId?: Id;
  /** Several are alternatives. */
  statuses?: ExecutionStatus[];
  conversationId?: Id;
  /** Epoch milliseconds, both inclusive. */
  createdFrom?: number;
  createdTo?: number;
}

export interface ToolResultSubmission {
  callId: Id;
  result?: Json;
  error?: string;
}

export interface UsageQuery {
  agentId?: Id;
  createdFrom?: number;
  createdTo?: number;
  groupBy: "day" | "agent" | "model";
}

export interface UsageReport {
  groups: UsageGroup[];
  total: Omit<UsageGroup, "key">;
}

export interface UsageGroup {
  /** `YYYY-MM-DD`, an agent id, or a model name. */
  key: string;
  executions: number;
  usage: Usage;
  /** Null when a model of unknown price took part. */
  costNanoUsd: number | null;
}

export interface MemoryStoreFields {
  name?: string;
  description?: string;
  agentWritable?: boolean;
  metadata?: Metadata;
}
