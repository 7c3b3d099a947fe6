import type { Readable } from "node:stream";
import type {
  Agent,
  AgentDefinition,
  AgentStatus,
  AgentVersion,
  CodeDefinition,
  CodeLifecycle,
  Metadata,
} from "../contract/agent.ts";
import type {
  AgentStats,
  AgentUsageEntry,
  CostReport,
  Distribution,
  ErrorGroup,
  ForeignAgent,
  InstallsOfDay,
  Period,
  RunsOfDay,
  UserCost,
} from "../contract/analytics.ts";
import type { Conversation, Turn } from "../contract/conversation.ts";
import type { Daemon } from "../contract/daemon.ts";
import type { StoredEvent } from "../contract/events.ts";
import type { Execution, ExecutionStatus } from "../contract/execution.ts";
import type { StoredFile } from "../contract/file.ts";
import type { Id } from "../contract/ids.ts";
import type { Json, JsonObject } from "../contract/json.ts";
import type { Job } from "../contract/job.ts";
import type { Payout, Subscription, Transaction, Wallet } from "../contract/ledger.ts";
import type { Log } from "../contract/log.ts";
import type { MemoryEntry, MemoryStore } from "../contract/memory.ts";
import type { ApiKey, Environment, Organization, Plan, Principal, Scope } from "../contract/organization.ts";
import type { Page, PageRequest } from "../contract/page.ts";
import type { Usage } from "../contract/usage.ts";
import type { Notification, User } from "../contract/user.ts";
import type { Webhook, WebhookEventType } from "../contract/webhook.ts";
import type { AliasKind } from "./alias.ts";
import type { JobRequest } from "./create-job.ts";

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

  /** @param options.alias the caller's own id. @throws `agent_exists` when it has been given already */
  createAgent(caller: Caller, definition: AgentDefinition, options?: { alias?: string }): Promise<Agent>;
  updateAgent(caller: Caller, agentId: Id, change: AgentChange): Promise<Agent>;
  getAgent(caller: Caller, agentId: Id): Promise<Agent>;
  /** @param filter.owner whose agents, in the words of whoever made them */
  listAgents(
    caller: Caller,
    filter: { status?: AgentStatus; name?: string; owner?: string },
    page: PageRequest,
  ): Promise<Page<Agent>>;
  /** Running executions go on; new ones are refused. */
  deleteAgent(caller: Caller, agentId: Id): Promise<void>;
  listAgentVersions(caller: Caller, agentId: Id, page: PageRequest): Promise<Page<AgentVersion>>;
  /** Makes a new version with the definition of an older one; without a number, of the one before the current. */
  rollbackAgent(caller: Caller, agentId: Id, versionNumber: number | undefined): Promise<Agent>;
  /** The versions that go by a label of their own, newest first, and which is the current one. */
  listVersions(caller: Caller, agentId: Id): Promise<{ currentId: Id; versions: AgentVersion[] }>;
  /**
   * Adds a version to the agent of this name, and makes the agent when there is none.
   * @throws `version_conflict` when the version exists with another content
   */
  pushVersion(caller: Caller, alias: string, definition: CodeDefinition & { label: string }): Promise<PushedVersion>;
  /** Makes another version the current one, with the workspace saved before. See the file for what is thrown. */
  upgradeAgent(caller: Caller, agentId: Id, label: string, signal: AbortSignal): Promise<Upgrade>;
  /** Begins to go back to before the last upgrade. @throws `snapshot_not_found` when there was none */
  undoUpgrade(caller: Caller, agentId: Id): Promise<UndoneUpgrade>;
  /** Opens a place where the bytes of a bundle may be put once. */
  openUpload(caller: Caller, wanted: { name: string; version: string }): Promise<OpenedUpload>;
  /** Without a caller: the token is the authority. @throws `upload_not_found`, `bundle_invalid`, `body_too_large` */
  receiveUpload(token: string, content: Readable): Promise<void>;
  /** @throws `upload_not_found`, also while its bytes have not come */
  getUpload(caller: Caller, uploadId: string): Promise<BundleUpload>;
  /** The object that the caller has given this name; undefined when there is none. It may have been deleted since. */
  findByAlias(caller: Caller, kind: AliasKind, alias: string): Promise<Id | undefined>;
  /** The callers' own names of these objects, whatever their kind; those without one are left out. */
  readAliases(caller: Caller, ids: readonly Id[]): Promise<Map<Id, string>>;
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
   * The execution's log from behind the number `after`, to be followed to the terminal event or to where the execution
   * begins to wait for tool results.
   * @throws `invalid_field_value` when `after` is past the newest number, `stream_expired`, `execution_not_found`
   */
  watchExecution(caller: Caller, executionId: Id, after: number): Promise<Log>;
  /** Resolves after the execution has stopped and its numbers are final. @throws `execution_not_running` */
  cancelExecution(caller: Caller, executionId: Id, reason?: string): Promise<Execution>;
  /** What the logs of these executions say beside what an `Execution` shows. */
  readRunNotes(
    caller: Caller,
    executions: readonly Pick<Execution, "id" | "agentVersionId">[],
  ): Promise<Map<Id, RunNotes>>;
  /** A page of the log as it is now, oldest first. */
  listEvents(caller: Caller, executionId: Id, page: { after: number; limit: number }): Promise<StoredEvent[]>;
  /** Puts words on how far it is into the log. @throws `execution_not_running` */
  noteProgress(caller: Caller, executionId: Id, text: string): Promise<void>;
  /** Ends an execution with a verdict from outside. @throws `execution_not_running` when it has ended otherwise */
  completeExecution(caller: Caller, executionId: Id, verdict: Verdict): Promise<Execution>;
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

  /** The first run may have begun when it resolves. @throws `agent_not_found`, `invalid_field_value` */
  createJob(caller: Caller, request: JobRequest): Promise<Job>;
  getJob(caller: Caller, jobId: Id): Promise<Job>;
  listJobs(caller: Caller, filter: { agentId?: Id }, page: PageRequest): Promise<Page<Job>>;
  /** Times that passed while it was paused are not made up for. @throws `job_ended` */
  updateJob(caller: Caller, jobId: Id, change: { status?: "active" | "paused" }): Promise<Job>;
  /** Cancels its running execution as well, and keeps the job; cancelling twice gives the same answer. */
  cancelJob(caller: Caller, jobId: Id): Promise<Job>;
  /** What runs goes on. */
  deleteJob(caller: Caller, jobId: Id): Promise<void>;

  /** Up when it resolves, or on its way for longer than a caller waits. See the file for what is thrown. */
  startDaemon(caller: Caller, agentId: Id, options?: { userId?: string }): Promise<Daemon>;
  /** The run that it is at fails. @throws `daemon_not_found` */
  stopDaemon(caller: Caller, agentId: Id, options?: { userId?: string }): Promise<Daemon>;
  restartDaemon(caller: Caller, agentId: Id, options?: { userId?: string }): Promise<Daemon>;
  /** Removes its volume as well. @throws `daemon_not_found`, `daemon_not_stopped` */
  terminateDaemon(caller: Caller, agentId: Id, options?: { userId?: string }): Promise<void>;
  /** Undefined: the agent has none for the user. @throws `agent_not_found`, `sandbox_unavailable` when it can have none */
  getDaemon(caller: Caller, agentId: Id, options?: { userId?: string }): Promise<Daemon | undefined>;
  listDaemons(caller: Caller, page: PageRequest): Promise<Page<Daemon>>;

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

  /**
   * Checks a whole bundle by the rules of unpacking without unpacking it.
   * @param sha256 of a file or an upload of the organization
   * @returns the text of the wanted files that it has
   * @throws `file_not_found`, `bundle_invalid`
   */
  inspectBundle(caller: Caller, sha256: string, wanted: readonly string[]): Promise<BundleFacts>;
  /** Reads `content` to its end; nothing is kept when it breaks off or is too large. */
  /**
   * Reads the content to its end. @throws `idempotency_mismatch` when the caller's key came before with another name, type
   * or content; what the content throws, and then nothing is stored
   */
  createFile(
    caller: Caller,
    request: { name: string; type: string; content: Readable },
  ): Promise<StoredFile | EarlierAnswer>;
  getFile(caller: Caller, fileId: Id): Promise<StoredFile>;
  openFile(caller: Caller, fileId: Id): Promise<{ file: StoredFile; content: Readable }>;
  /** A ticket by which anybody may read the file for a week. */
  linkFile(caller: Caller, fileId: Id): string;
  /** Without a caller: the ticket is the authority. @throws `file_not_found` */
  openLinkedFile(fileId: Id, ticket: string): Promise<{ file: StoredFile; content: Readable }>;
  listFiles(caller: Caller, page: PageRequest): Promise<Page<StoredFile>>;
  deleteFile(caller: Caller, fileId: Id): Promise<void>;

  /** @param userId default: the key's own user. @throws `user_not_found` */
  getUser(caller: Caller, userId?: string): Promise<User>;
  /** @throws `user_exists` */
  createUser(caller: Caller, request: { id?: string; profile: JsonObject }): Promise<User>;
  /** Merges fields; null leaves one as it is. */
  updateOwnUser(caller: Caller, fields: JsonObject): Promise<User>;

  createNotification(
    caller: Caller,
    request: { userId: string; title: string; body: string; kind: string },
  ): Promise<Notification>;
  /** Without a user: of the key's own. */
  listNotifications(caller: Caller, filter: { userId?: string }, page: PageRequest): Promise<Page<Notification>>;
  countUnreadNotifications(caller: Caller, filter: { userId?: string }): Promise<number>;
  /** @returns how many of them were unread */
  readNotifications(caller: Caller, notificationIds: readonly Id[]): Promise<number>;
  updateNotification(caller: Caller, notificationId: Id, change: NotificationChange): Promise<Notification>;
  deleteNotification(caller: Caller, notificationId: Id): Promise<void>;

  getWallet(caller: Caller): Promise<Wallet>;
  /** The same type and reference again is the same transaction. @throws `transaction_conflict` */
  createTransaction(
    caller: Caller,
    request: { amountNanoUsd: number; type: string; reference: string; agentId?: Id; description?: string },
  ): Promise<Transaction>;
  /** @throws `subscription_exists` while the user has an active one to the agent */
  createSubscription(
    caller: Caller,
    request: { agentId: Id; userId: string; planType: string; priceNanoUsd: number },
  ): Promise<Subscription>;
  listSubscriptions(
    caller: Caller,
    filter: { agentId?: Id; userId?: string },
    page: PageRequest,
  ): Promise<Page<Subscription>>;
  getSubscription(caller: Caller, subscriptionId: Id): Promise<Subscription>;
  /** Its signature is the proof of who is calling. @throws `payment_event_refused` */
  receivePaymentEvent(request: {
    /** The body as it came. */
    payload: Uint8Array;
    body: Json;
    signature: string | undefined;
  }): Promise<PaymentEventOutcome>;

  searchAgents(caller: Caller, filter: { name?: string }, page: OffsetPage): Promise<{ items: Agent[]; total: number }>;
  getAgentStats(caller: Caller, agent: AnalysedAgent): Promise<AgentStats>;
  countAgentRuns(caller: Caller, agent: AnalysedAgent, period: Period): Promise<RunsOfDay[]>;
  countAgentInstalls(caller: Caller, agent: AnalysedAgent, period: Period): Promise<InstallsOfDay[]>;
  breakDownAgentErrors(caller: Caller, agent: AnalysedAgent): Promise<ErrorGroup[]>;
  listAgentUsage(
    caller: Caller,
    agent: AnalysedAgent,
    page: OffsetPage,
  ): Promise<{ items: AgentUsageEntry[]; total: number }>;
  getTokenDistribution(caller: Caller, agent: AnalysedAgent): Promise<Distribution>;
  getLatencyDistribution(caller: Caller, agent: AnalysedAgent): Promise<Distribution>;
  getSessionDepth(caller: Caller, agent: AnalysedAgent): Promise<Distribution>;

  /** These look at all organizations, for the scope `admin`. */
  findAgentAnywhere(caller: Caller, text: string): Promise<FoundAgent | undefined>;
  listAllAgents(caller: Caller, page: OffsetPage): Promise<ForeignAgent[]>;
  listAllUsers(caller: Caller, page: OffsetPage): Promise<User[]>;
  listUserCosts(caller: Caller, period: Period, page: OffsetPage): Promise<{ items: UserCost[]; totalNanoUsd: number }>;
  getCosts(caller: Caller, period: Period): Promise<CostReport>;

  /** These keep house for all organizations, for the scope `internal`. Calling one again is harmless. */
  cleanUpArtifacts(caller: Caller): Promise<ArtifactCleanup>;
  payCreators(caller: Caller): Promise<Payout[]>;
  resetWeeklyCredit(caller: Caller): Promise<WeeklyReset>;
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
  /** SHA-256 of the raw JSON value, hex. Where a form is read by the operation, that puts its own in its place. */
  bodyHash: string;
}

/** What the first call with the same idempotency key answered. */
export interface EarlierAnswer {
  kind: "answer";
  status: number;
  body: Json;
}

export type IdempotentOutcome =
  | { kind: "new" }
  | EarlierAnswer
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
  /** For `chat` the text; for `code` an object. What the runtime cannot take is made into what it can. */
  input: Json;
  /** The version with this label. Default: the current one. */
  versionLabel?: string;
  /** The caller's own id of the execution. @throws `execution_exists` when it was used before */
  alias?: string;
  conversationId?: Id;
  /** The caller's own name of the conversation, which is opened by its first execution. Null: none, for `code` alone. */
  conversationAlias?: string | null;
  /** Told once of the execution's end. */
  completionCallbackUrl?: string;
  /** What only a program of `code` can use. */
  code?: CodeRunRequest;
  /** Merged over the conversation's, one level deep; null removes a key. */
  session?: JsonObject;
  memoryStoreIds?: Id[];
  metadata?: JsonObject;
}

export interface CodeRunRequest {
  /** Variables of the run. Sealed at rest, and kept out of events. */
  environment?: Record<string, string>;
  /** URLs (http, https, data) by file name. */
  files?: Record<string, string>;
  history?: Json[];
  /** Opaque, what an earlier run gave as its state. */
  state?: string;
  /** Whose workspace it is. Default: the user `CHARM_USER_ID` of the environment, else `local_dev`. */
  userId?: string;
  adapter?: string;
  lifecycle?: CodeLifecycle;
  /** Something to do with the workspace instead of a plain run. */
  task?: { kind: "snapshot" | "restore"; label: string };
}

export interface PushedVersion {
  agent: Agent;
  version: AgentVersion;
  /** False when the very same version was there already. */
  isNew: boolean;
}

export interface Upgrade {
  agent: Agent;
  /** Labels. */
  from: string;
  to: string;
  /** What saved the workspace; undefined where there was none. */
  executionId: Id | undefined;
}

export interface UndoneUpgrade {
  /** What restores the workspace; undefined where there is none. */
  executionId: Id | undefined;
  /** Labels. */
  from: string;
  to: string;
  /** Settles when the version has moved, or why it could not. */
  finished: Promise<Agent>;
}

export interface OpenedUpload {
  id: Id;
  /** Belongs into the address alone. */
  token: string;
  expiresAt: number;
}

export interface BundleUpload {
  sha256: string;
  sizeBytes: number;
}

/** The newest of each that the log holds. */
export interface RunNotes {
  versionLabel?: string;
  /** How far it is, in words. */
  status?: string;
  output?: { type: string; value: Json };
  /** It stopped to ask a person. */
  isSuspended: boolean;
  /** How its process ended; the duration in milliseconds. */
  process?: { exitCode: number; durationMs: number };
}

/** How an execution ended, by the word of whoever ran it outside. */
export interface Verdict {
  status: "completed" | "failed" | "cancelled";
  output?: { type: string; value: Json };
  /** Why it failed or was cancelled. */
  message: string;
  /** It stopped to ask a person. */
  isSuspended?: boolean;
  durationMs?: number;
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

/** What is known of a bundle that was read through. */
export interface BundleFacts {
  entries: number;
  totalBytes: number;
  /** Hex SHA-256 over paths, kinds and contents: two packings of the same files have the same one. */
  contentSha256: string;
  /** By path from the root. */
  files: ReadonlyMap<string, string>;
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

/** An agent whose figures are asked for; with an organization it may be another's, for the scope `admin`. */
export interface AnalysedAgent {
  id: Id;
  organizationId?: Id;
}

export interface FoundAgent extends Required<AnalysedAgent> {
  /** Its owner's own id of it. */
  alias: string | undefined;
}

export interface OffsetPage {
  limit: number;
  offset: number;
}

export interface NotificationChange {
  isRead?: boolean;
  title?: string;
  body?: string;
  kind?: string;
}

export interface PaymentEventOutcome {
  /** False: it changed nothing, and the same event again will not either. */
  handled: boolean;
  /** Why it changed nothing. */
  reason?: string;
  /** It was taken before. */
  isDuplicate?: boolean;
}

/** How many of each went. */
export interface ArtifactCleanup {
  uploads: number;
  blobs: number;
  layers: number;
}

export interface WeeklyReset {
  /** Such as `2026-W08`. */
  week: string;
  /** Undefined: none is set, and nothing was done. */
  allowanceNanoUsd: number | undefined;
  /** Whose week was begun by this call. */
  organizations: number;
  creditedNanoUsd: number;
}

export interface MemoryStoreFields {
  name?: string;
  description?: string;
  agentWritable?: boolean;
  metadata?: Metadata;
}
