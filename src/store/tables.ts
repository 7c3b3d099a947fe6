import type { Generated } from "kysely";

/** The columns of every table, as both databases hold them. See `migrations/` for keys and indexes. */
export interface Tables {
  organization: OrganizationTable;
  api_key: ApiKeyTable;
  request_count: RequestCountTable;
  agent: AgentTable;
  agent_version: AgentVersionTable;
  execution: ExecutionTable;
  event: EventTable;
  conversation: ConversationTable;
  memory_store: MemoryStoreTable;
  memory_entry: MemoryEntryTable;
  webhook: WebhookTable;
  outbox: OutboxTable;
  credit_entry: CreditEntryTable;
  file: FileTable;
  blob: BlobTable;
  idempotency: IdempotencyTable;
  version_change: VersionChangeTable;
  alias: AliasTable;
  bundle_upload: BundleUploadTable;
  completion_callback: CompletionCallbackTable;
  app_user: AppUserTable;
  run_user: RunUserTable;
  notification: NotificationTable;
  subscription: SubscriptionTable;
  payment_event: PaymentEventTable;
  daemon: DaemonTable;
  job: JobTable;
}

export interface OrganizationTable {
  id: string;
  name: string;
  plan: string;
  environment: string;
  live_id: string;
  credit_limit_nano_usd: number | null;
  spent_nano_usd: Generated<number>;
  reserved_nano_usd: Generated<number>;
  wallet_nano_usd: Generated<number>;
  /** The organization's data key, wrapped by the master key. */
  wrapped_key: string;
  created_at: number;
}

export interface ApiKeyTable {
  id: string;
  organization_id: string;
  name: string;
  prefix: string;
  /** Hex SHA-256 of the key text. */
  hash: string;
  /** JSON array. */
  scopes: string;
  last_used_at: number | null;
  expires_at: number | null;
  revoked_at: number | null;
  created_at: number;
}

export interface RequestCountTable {
  key_id: string;
  /** `YYYY-MM-DD`, UTC. */
  day: string;
  count: number;
}

export interface AgentTable {
  id: string;
  organization_id: string;
  /** Copied from the current version, for lists. */
  name: string;
  status: string;
  current_version_id: string;
  sealed_tool_secret: string;
  created_at: number;
  updated_at: number;
  deleted_at: number | null;
}

export interface AgentVersionTable {
  id: string;
  agent_id: string;
  organization_id: string;
  number: number;
  /** JSON. */
  definition: string;
  /** Copies out of the definition, for look-ups. */
  label: string | null;
  bundle_sha256: string | null;
  created_at: number;
}

/** The current version of an agent moved from one to the other; a rollback takes the newest back. */
export interface VersionChangeTable {
  id: string;
  organization_id: string;
  agent_id: string;
  from_version_id: string;
  to_version_id: string;
  created_at: number;
}

/** The ids that callers chose themselves. */
export interface AliasTable {
  organization_id: string;
  /** `agent`, `execution`, `conversation`. */
  kind: string;
  alias: string;
  id: string;
}

/** A place where the bytes of a bundle may be put once. */
export interface BundleUploadTable {
  id: string;
  organization_id: string;
  /** Hex SHA-256 of the token in the address. */
  token_hash: string;
  /** What the pusher said it is for. */
  name: string;
  version: string;
  /** Null until the bytes have come. */
  sha256: string | null;
  size_bytes: number | null;
  expires_at: number;
  created_at: number;
}

/** Whom to tell of an execution's end. */
export interface CompletionCallbackTable {
  execution_id: string;
  organization_id: string;
  url: string;
}

/** A person that an organization runs agents for. */
export interface AppUserTable {
  organization_id: string;
  /** Chosen by the caller, or a UUID. */
  id: string;
  /** JSON. Null: somebody has named this user, and nobody has said anything of them. */
  profile: string | null;
  created_at: number;
  updated_at: number;
}

/** For whom an execution of a code agent runs. */
export interface RunUserTable {
  execution_id: string;
  organization_id: string;
  agent_id: string;
  user_id: string;
  /** What it does to the workspace instead of a plain run: `snapshot`, `restore`. */
  task: string | null;
  created_at: number;
}

export interface NotificationTable {
  id: string;
  organization_id: string;
  user_id: string;
  title: string;
  body: string;
  kind: string;
  read_at: number | null;
  created_at: number;
}

export interface SubscriptionTable {
  id: string;
  organization_id: string;
  agent_id: string;
  user_id: string;
  plan_type: string;
  price_nano_usd: number;
  status: string;
  /** Its id at the payment provider. */
  provider_reference: string | null;
  period_start: number;
  period_end: number | null;
  created_at: number;
  updated_at: number;
}

/** What the payment provider has told us, so that the same word twice counts once. */
export interface PaymentEventTable {
  id: string;
  organization_id: string | null;
  type: string;
  received_at: number;
}

export interface DaemonTable {
  id: string;
  organization_id: string;
  agent_id: string;
  user_id: string;
  /** What its owner wants: `running`, `paused`. */
  wanted: string;
  /** What it was last seen to be. */
  state: string;
  restarts: Generated<number>;
  /** JSON: code and message. */
  last_error: string | null;
  last_active_at: number;
  created_at: number;
  updated_at: number;
}

export interface JobTable {
  id: string;
  organization_id: string;
  agent_id: string;
  user_id: string;
  name: string | null;
  /** JSON. */
  input: string;
  /** See `contract/job.ts`; null: once, at once. */
  schedule: string | null;
  time_zone: string;
  /** What happens to runs whose time passed while the server was down: `skip`, `once`. */
  missed_runs: string;
  /** See `contract/job.ts`. */
  status: string;
  next_run_at: number | null;
  last_run_at: number | null;
  last_execution_id: string | null;
  run_count: Generated<number>;
  /** JSON: code and message. */
  last_error: string | null;
  created_at: number;
  updated_at: number;
}

export interface ExecutionTable {
  id: string;
  organization_id: string;
  program: string;
  agent_id: string | null;
  agent_version_id: string | null;
  conversation_id: string | null;
  /** Executions of one queue key run one after the other, in the order of their ids. */
  queue_key: string | null;
  parent_id: string | null;
  /** The wait of the parent that ends with this execution. */
  parent_wait: string | null;
  status: string;
  attempt: number;
  last_seq: number;
  /** How many signals have come; a suspension is conditional on it. */
  signals: Generated<number>;
  /** Times in a row that the process died under an attempt without a step being journaled. */
  crashes: Generated<number>;
  queued_reason: string;
  run_at: number;
  wake_at: number | null;
  waiting_for: string | null;
  cancel_requested_at: number | null;
  /** JSON. */
  metadata: string;
  created_at: number;
  finished_at: number | null;
  first_token_at: number | null;
  tool_calls: Generated<number>;
  input_tokens: Generated<number>;
  output_tokens: Generated<number>;
  cache_read_tokens: Generated<number>;
  cache_write_tokens: Generated<number>;
  reasoning_tokens: Generated<number>;
  cost_nano_usd: Generated<number>;
  cost_unknown: Generated<number>;
  reserved_nano_usd: number;
  /** When retention dropped the deltas and the journal. */
  log_dropped_at: number | null;
}

export interface EventTable {
  execution_id: string;
  seq: number;
  attempt: number;
  step: number;
  type: string;
  /** JSON. */
  body: string;
  at: number;
}

export interface ConversationTable {
  id: string;
  organization_id: string;
  agent_id: string;
  /** JSON. */
  session: string;
  session_version: Generated<number>;
  /** What the oldest turns came to, in words, and how many turns that covers. */
  summary: string | null;
  summary_turns: Generated<number>;
  turn_count: Generated<number>;
  token_count: Generated<number>;
  created_at: number;
  last_active_at: number;
}

export interface MemoryStoreTable {
  id: string;
  organization_id: string;
  name: string;
  description: string;
  agent_writable: number;
  entry_count: Generated<number>;
  /** JSON. */
  metadata: string;
  created_at: number;
  updated_at: number;
}

export interface MemoryEntryTable {
  id: string;
  store_id: string;
  organization_id: string;
  key: string | null;
  content: string;
  /** JSON. */
  metadata: string;
  source_execution_id: string | null;
  created_at: number;
  updated_at: number;
}

export interface WebhookTable {
  id: string;
  organization_id: string;
  url: string;
  /** JSON array. */
  events: string;
  agent_id: string | null;
  status: string;
  sealed_secret: string;
  /** Since when every delivery has failed. */
  failing_since: number | null;
  created_at: number;
}

export interface OutboxTable {
  id: string;
  organization_id: string;
  type: string;
  agent_id: string | null;
  /** JSON. */
  data: string;
  created_at: number;
}

export interface CreditEntryTable {
  id: string;
  organization_id: string;
  execution_id: string | null;
  kind: string;
  amount_nano_usd: number;
  at: number;
  /** Of an entry without an execution: what it is, and a reference that is unique with its type. */
  type: string | null;
  reference: string | null;
  agent_id: string | null;
  description: string | null;
}

export interface FileTable {
  id: string;
  organization_id: string;
  name: string;
  type: string;
  sha256: string;
  size_bytes: number;
  created_at: number;
}

export interface BlobTable {
  sha256: string;
  size_bytes: number;
  created_at: number;
}

export interface IdempotencyTable {
  organization_id: string;
  route: string;
  key: string;
  body_hash: string;
  status: number | null;
  /** Sealed JSON; null when `execution_id` is set. */
  sealed_body: string | null;
  execution_id: string | null;
  created_at: number;
}
