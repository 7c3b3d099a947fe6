/**
 * The one catalogue of errors. `kind` says whose fault it is and lets each API dialect choose its status and wire shape;
 * `retryable` says whether the same call can succeed later, and the engine decides by that and nothing else.
 */
export const errorCatalogue = {
  missing_required_field: { kind: "invalid", retryable: false, meaning: "a required field is absent" },
  invalid_field_value: { kind: "invalid", retryable: false, meaning: "a field has the wrong type, format or range" },
  invalid_json: { kind: "invalid", retryable: false, meaning: "the body is not JSON, or is nested too deep" },
  unsupported_media_type: { kind: "invalid", retryable: false, meaning: "the content type is not one the route reads" },
  body_too_large: { kind: "invalid", retryable: false, meaning: "the body is over the route's limit" },
  unprocessable: {
    kind: "unprocessable",
    retryable: false,
    meaning: "well-formed fields that are impossible together",
  },
  context_length_exceeded: { kind: "unprocessable", retryable: false, meaning: "the input does not fit the model" },
  idempotency_mismatch: {
    kind: "unprocessable",
    retryable: false,
    meaning: "the idempotency key came with another body",
  },
  invalid_api_key: {
    kind: "unauthenticated",
    retryable: false,
    meaning: "the key is missing, malformed, unknown or revoked",
  },
  expired_api_key: { kind: "unauthenticated", retryable: false, meaning: "the key is past its expiry" },
  insufficient_scope: { kind: "forbidden", retryable: false, meaning: "the key lacks the scope that the call needs" },
  route_not_found: { kind: "not-found", retryable: false, meaning: "no such path" },
  method_not_allowed: { kind: "not-found", retryable: false, meaning: "the path exists, the method does not" },
  agent_not_found: { kind: "not-found", retryable: false, meaning: "no such agent" },
  agent_version_not_found: { kind: "not-found", retryable: false, meaning: "no such version of the agent" },
  execution_not_found: { kind: "not-found", retryable: false, meaning: "no such execution" },
  conversation_not_found: {
    kind: "not-found",
    retryable: false,
    meaning: "no such conversation, or it was deleted or expired",
  },
  memory_store_not_found: { kind: "not-found", retryable: false, meaning: "no such memory store" },
  memory_entry_not_found: { kind: "not-found", retryable: false, meaning: "no such entry in the memory store" },
  key_not_found: { kind: "not-found", retryable: false, meaning: "no such API key" },
  webhook_not_found: { kind: "not-found", retryable: false, meaning: "no such webhook" },
  organization_not_found: { kind: "not-found", retryable: false, meaning: "no such organization" },
  file_not_found: { kind: "not-found", retryable: false, meaning: "no such file" },
  stream_expired: { kind: "gone", retryable: false, meaning: "the log was dropped by retention; read the execution" },
  agent_paused: { kind: "conflict", retryable: false, meaning: "the agent is paused" },
  execution_not_running: { kind: "conflict", retryable: false, meaning: "the execution has reached its end" },
  execution_not_waiting: { kind: "conflict", retryable: false, meaning: "the execution does not wait for this" },
  conversation_busy: { kind: "conflict", retryable: true, meaning: "too many executions wait in the conversation" },
  idempotency_in_progress: { kind: "conflict", retryable: true, meaning: "the first call with this key still runs" },
  edit_conflict: { kind: "conflict", retryable: true, meaning: "another writer changed the object at the same time" },
  rate_limit_exceeded: { kind: "limited", retryable: true, meaning: "too many requests for the key" },
  quota_exceeded: { kind: "limited", retryable: false, meaning: "the month's quota or the credit limit is used up" },
  internal_error: { kind: "internal", retryable: true, meaning: "a fault of the server" },
  model_unavailable: { kind: "upstream", retryable: true, meaning: "the model did not answer" },
  model_refused: { kind: "upstream", retryable: false, meaning: "the provider refused the request" },
  tool_error: { kind: "upstream", retryable: false, meaning: "a tool failed" },
  tool_timeout: { kind: "upstream", retryable: false, meaning: "a tool did not answer in time" },
  outcome_unknown: {
    kind: "upstream",
    retryable: false,
    meaning: "a call that may happen once was interrupted; whether it happened is not known",
  },
  output_invalid: {
    kind: "upstream",
    retryable: false,
    meaning: "the model's answer does not fit the agent's output schema",
  },
  program_failed: { kind: "upstream", retryable: false, meaning: "the agent's program failed" },
  program_timeout: { kind: "upstream", retryable: false, meaning: "the agent's program took longer than it may" },
  program_limit: { kind: "upstream", retryable: false, meaning: "the agent's program went over one of its limits" },
  preparation_failed: {
    kind: "upstream",
    retryable: false,
    meaning: "the agent's bundle could not be made ready: its dependencies, its adapter or its files",
  },
  bundle_invalid: {
    kind: "unprocessable",
    retryable: false,
    meaning: "the bundle is not an archive that can be unpacked",
  },
  bundle_missing: { kind: "conflict", retryable: false, meaning: "the version has no bundle to run" },
  sandbox_unavailable: {
    kind: "upstream",
    retryable: false,
    meaning: "this machine has no sandbox to run programs in",
  },
  version_conflict: { kind: "conflict", retryable: false, meaning: "the version exists with another content" },
  execution_exists: {
    kind: "conflict",
    retryable: false,
    meaning: "the caller has used this id for an execution before",
  },
  agent_exists: { kind: "conflict", retryable: false, meaning: "the caller has used this id for an agent before" },
  daemon_not_found: { kind: "not-found", retryable: false, meaning: "no such daemon" },
  job_not_found: { kind: "not-found", retryable: false, meaning: "no such job" },
  job_ended: { kind: "conflict", retryable: false, meaning: "the job has come to its end" },
  job_busy: { kind: "conflict", retryable: false, meaning: "the run of the job before has not ended" },
  daemon_not_stopped: { kind: "conflict", retryable: false, meaning: "the daemon has to be stopped first" },
  daemon_busy: { kind: "conflict", retryable: true, meaning: "too many executions wait for the daemon" },
  user_not_found: { kind: "not-found", retryable: false, meaning: "no such user" },
  user_exists: { kind: "conflict", retryable: false, meaning: "the id is that of another user" },
  notification_not_found: { kind: "not-found", retryable: false, meaning: "no such notification" },
  subscription_not_found: { kind: "not-found", retryable: false, meaning: "no such subscription" },
  subscription_exists: {
    kind: "conflict",
    retryable: false,
    meaning: "the user has an active subscription to the agent",
  },
  payment_event_refused: {
    kind: "invalid",
    retryable: false,
    meaning: "the payment provider's event is not signed with the secret of the settings, or there is none",
  },
  transaction_conflict: {
    kind: "conflict",
    retryable: false,
    meaning: "the reference was used for another transaction",
  },
  snapshot_not_found: {
    kind: "not-found",
    retryable: false,
    meaning: "there is no earlier version or workspace to go back to",
  },
  upload_not_found: { kind: "not-found", retryable: false, meaning: "no such upload, or it was used or has expired" },
  address_refused: { kind: "unprocessable", retryable: false, meaning: "the address is not one the server may call" },
  overloaded: { kind: "overloaded", retryable: true, meaning: "the server takes no more work at the moment" },
  cancelled: { kind: "conflict", retryable: false, meaning: "the work was cancelled" },
  poison: { kind: "internal", retryable: false, meaning: "the execution took its process down three times" },
  journal_mismatch: {
    kind: "internal",
    retryable: false,
    meaning: "the program took another path than its journal; it is not deterministic",
  },
} as const satisfies Record<string, { kind: ErrorKind; retryable: boolean; meaning: string }>;

export type ErrorKind =
  | "invalid"
  | "unprocessable"
  | "unauthenticated"
  | "forbidden"
  | "not-found"
  | "gone"
  | "conflict"
  | "limited"
  | "internal"
  | "upstream"
  | "overloaded";

export type ErrorCode = keyof typeof errorCatalogue;

/** What an event or a stored object keeps of an error. */
export interface ErrorFact {
  code: ErrorCode;
  message: string;
}

export interface ErrorOptions {
  /** The field at fault, nested with dots: `memory.session`. */
  param?: string;
  /** Wait at least this long before the next try, in milliseconds. */
  retryAfterMs?: number;
  /** Overrides the catalogue, for errors of which only some can be retried. */
  retryable?: boolean;
  /** The execution that failed, when there is one. */
  executionId?: string;
  cause?: unknown;
}

/** Every error we throw on purpose. The message says what was expected, what came, and what to do. */
export class RunyardError extends Error {
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly retryable: boolean;
  readonly param: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly executionId: string | undefined;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "RunyardError";
    this.code = code;
    this.kind = errorCatalogue[code].kind;
    this.retryable = options.retryable ?? errorCatalogue[code].retryable;
    this.param = options.param;
    this.retryAfterMs = options.retryAfterMs;
    this.executionId = options.executionId;
  }
}

/** The fact to keep of any thrown value: ours as it is, anything else as an internal error without its detail. */
export function errorFact(error: unknown): ErrorFact {
  if (error instanceof RunyardError) return { code: error.code, message: withoutUnstorable(error.message) };
  return { code: "internal_error", message: "The server failed while running this execution. See its log." };
}

/** A provider or a program may have said what Postgres does not read out of JSON: NUL characters, halves of surrogate pairs. */
function withoutUnstorable(text: string): string {
  return text.replaceAll("\0", "").toWellFormed();
}
