import type {
  CreateAgentRequest,
  CreateChatAgentRequest,
  CreateCodeAgentRequest,
  CreatedKey,
  CreateKeyRequest,
  CreateMemoryStoreRequest,
  CreateOrganizationRequest,
  CreateWebhookRequest,
  ExecuteRequest as ExecuteBody,
  Execution,
  File,
  Key,
  Organization,
  PutMemoryEntryRequest,
  ToolResults,
  UpdateAgentRequest,
  UpdateMemoryEntryRequest,
  UpdateMemoryStoreRequest,
  UpdateOrganizationRequest,
  UpdateWebhookRequest,
  Usage,
  Webhook,
} from "./generated/native-api.ts";
import type { Agent, Json, UsageReport } from "./generated/native-api.ts";

/**
 * The shapes of the native API under the names that users of the client meet. They come from the API's own document;
 * what stands here in full is what a document has no name for. Times are ISO 8601 UTC, durations whole milliseconds.
 */
export type {
  Agent,
  AgentVersion,
  CancelledExecution,
  Conversation,
  ConversationSummary,
  CreatedOrganization,
  CreatedWebhook,
  Execution,
  Json,
  MemoryEntry,
  MemoryStore,
  Organization,
  StreamEvent,
  Timing,
  ToolCall,
  ToolRequest,
  Turn,
  UsageReport,
  Webhook,
} from "./generated/native-api.ts";

export type JsonObject = { [key: string]: Json };
export type Metadata = { [key: string]: string | number | boolean };

/** One page of a list, newest first. `nextCursor` is there when `hasMore` is true. */
export interface Page<T> {
  data: T[];
  hasMore: boolean;
  nextCursor?: string;
}

/** `limit` is 1 to 100 (20 when left out); `after` goes to older items, `before` to newer ones, never both. */
export interface PageQuery {
  limit?: number;
  after?: string;
  before?: string;
}

export interface Deleted {
  id: string;
  deleted: true;
}

export type AgentFields = CreateAgentRequest;
export type ChatAgentFields = CreateChatAgentRequest;
export type CodeAgentFields = CreateCodeAgentRequest;
export type AgentChange = UpdateAgentRequest;
export type AgentStatus = Agent["status"];

/** What to execute an agent on; whether to stream is said beside it. */
export type ExecuteRequest = Omit<ExecuteBody, "stream">;
export type ExecutionStatus = Execution["status"];
export type ToolResult = ToolResults["toolResults"][number];
export type TokenUsage = Omit<Usage, "cacheReadTokens" | "cacheWriteTokens"> & Partial<Usage>;

export interface ExecutionQuery extends PageQuery {
  agentId?: string;
  /** One status, or several separated by commas. */
  status?: string;
  /** `YYYY-MM-DD` (UTC, the whole day) or an RFC 3339 time; both bounds are inclusive. */
  startDate?: string;
  endDate?: string;
}

export type MemoryStoreFields = CreateMemoryStoreRequest;
export type MemoryStoreChange = UpdateMemoryStoreRequest;
export type MemoryEntryFields = PutMemoryEntryRequest;
export type MemoryEntryChange = UpdateMemoryEntryRequest;

export type ApiKey = Key;
export type ApiKeyFields = CreateKeyRequest;
/** `key` is the full text, given only in this answer. */
export type CreatedApiKey = CreatedKey;
export type Scope = Key["scopes"][number];

export type WebhookFields = CreateWebhookRequest;
export type WebhookChange = UpdateWebhookRequest;
export type WebhookEventType = Webhook["events"][number];

export type StoredFile = File;

export type OrganizationFields = CreateOrganizationRequest;
export type OrganizationChange = UpdateOrganizationRequest;
export type Plan = Organization["plan"];

export type UsageFigures = UsageReport["total"];

export interface UsageQuery {
  agentId?: string;
  startDate?: string;
  endDate?: string;
  groupBy?: "day" | "agent" | "model";
}
