import type { SqlDialect } from "../database.ts";

/** Every table of the first release. Ids sort by time, so `id` indexes double as time indexes. */
export function firstSchema(dialect: SqlDialect): string[] {
  const { integer } = dialect.columns;
  return [
    `create table organization (
      id text primary key, name text not null, plan text not null, environment text not null, live_id text not null,
      credit_limit_nano_usd ${integer}, spent_nano_usd ${integer} not null default 0,
      reserved_nano_usd ${integer} not null default 0, wrapped_key text not null, created_at ${integer} not null)`,
    `create unique index organization_twin on organization (live_id, environment)`,

    `create table api_key (
      id text primary key, organization_id text not null references organization (id), name text not null,
      prefix text not null, hash text not null unique, scopes text not null, last_used_at ${integer},
      expires_at ${integer}, revoked_at ${integer}, created_at ${integer} not null)`,
    `create index api_key_by_organization on api_key (organization_id, id)`,
    `create table request_count (
      key_id text not null, day text not null, count ${integer} not null, primary key (key_id, day))`,

    `create table agent (
      id text primary key, organization_id text not null references organization (id), name text not null,
      status text not null, current_version_id text not null, sealed_tool_secret text not null,
      created_at ${integer} not null, updated_at ${integer} not null, deleted_at ${integer})`,
    `create index agent_by_organization on agent (organization_id, id)`,
    `create table agent_version (
      id text primary key, agent_id text not null references agent (id), organization_id text not null,
      number ${integer} not null, definition text not null, created_at ${integer} not null,
      unique (agent_id, number))`,

    `create table conversation (
      id text primary key, organization_id text not null, agent_id text not null, session text not null,
      session_version ${integer} not null default 0, summary text, summary_turns ${integer} not null default 0,
      turn_count ${integer} not null default 0,
      token_count ${integer} not null default 0, created_at ${integer} not null, last_active_at ${integer} not null)`,
    `create index conversation_by_organization on conversation (organization_id, id)`,

    `create table execution (
      id text primary key, organization_id text not null, program text not null, agent_id text,
      agent_version_id text, conversation_id text, queue_key text, parent_id text, parent_wait text,
      status text not null, attempt ${integer} not null, last_seq ${integer} not null,
      signals ${integer} not null default 0, crashes ${integer} not null default 0, queued_reason text not null,
      run_at ${integer} not null, wake_at ${integer}, waiting_for text, cancel_requested_at ${integer},
      metadata text not null, created_at ${integer} not null, finished_at ${integer}, first_token_at ${integer},
      tool_calls ${integer} not null default 0, input_tokens ${integer} not null default 0,
      output_tokens ${integer} not null default 0, cache_read_tokens ${integer} not null default 0,
      cache_write_tokens ${integer} not null default 0, reasoning_tokens ${integer} not null default 0,
      cost_nano_usd ${integer} not null default 0, cost_unknown ${integer} not null default 0,
      reserved_nano_usd ${integer} not null, log_dropped_at ${integer}) ${dialect.clustered}`,
    `create index execution_by_organization on execution (organization_id, id)`,
    `create index execution_by_agent on execution (agent_id, id) where agent_id is not null`,
    `create index execution_by_conversation on execution (conversation_id, id) where conversation_id is not null`,
    `create index execution_due on execution (run_at, id) where status = 'queued'`,
    `create index execution_running on execution (id) where status = 'running'`,
    `create index execution_wake on execution (wake_at) where status = 'waiting' and wake_at is not null`,
    `create index execution_in_queue on execution (queue_key, id)
      where queue_key is not null and status in ('queued', 'running', 'waiting')`,
    `create index execution_by_parent on execution (parent_id) where parent_id is not null`,
    `create index execution_with_log on execution (finished_at)
      where log_dropped_at is null and finished_at is not null`,

    `create table event (
      execution_id text not null, seq ${integer} not null, attempt ${integer} not null, step ${integer} not null,
      type text not null, body text not null, at ${integer} not null,
      primary key (execution_id, seq)) ${dialect.clustered}`,
    `create index event_journal on event (execution_id, seq)
      where type in ('step-finished', 'wait-started', 'wait-finished', 'signal-received')`,

    `create table memory_store (
      id text primary key, organization_id text not null, name text not null, description text not null,
      agent_writable ${integer} not null, entry_count ${integer} not null default 0, metadata text not null,
      created_at ${integer} not null, updated_at ${integer} not null)`,
    `create index memory_store_by_organization on memory_store (organization_id, id)`,
    `create table memory_entry (
      id text primary key, store_id text not null references memory_store (id) on delete cascade,
      organization_id text not null, key text, content text not null, metadata text not null,
      source_execution_id text, created_at ${integer} not null, updated_at ${integer} not null)`,
    `create unique index memory_entry_by_key on memory_entry (store_id, key) where key is not null`,
    `create index memory_entry_by_store on memory_entry (store_id, id)`,
    ...dialect.memorySearchSchema,

    `create table webhook (
      id text primary key, organization_id text not null, url text not null, events text not null, agent_id text,
      status text not null, sealed_secret text not null, failing_since ${integer}, created_at ${integer} not null)`,
    `create index webhook_by_organization on webhook (organization_id, id)`,
    `create table outbox (
      id text primary key, organization_id text not null, type text not null, agent_id text, data text not null,
      created_at ${integer} not null)`,

    `create table credit_entry (
      id text primary key, organization_id text not null, execution_id text, kind text not null,
      amount_nano_usd ${integer} not null, at ${integer} not null)`,
    `create index credit_entry_by_organization on credit_entry (organization_id, id)`,

    `create table blob (sha256 text primary key, size_bytes ${integer} not null, created_at ${integer} not null)`,
    `create table file (
      id text primary key, organization_id text not null, name text not null, type text not null,
      sha256 text not null references blob (sha256), size_bytes ${integer} not null, created_at ${integer} not null)`,
    `create index file_by_organization on file (organization_id, id)`,
    `create index file_by_blob on file (sha256)`,

    `create table idempotency (
      organization_id text not null, route text not null, key text not null, body_hash text not null,
      status ${integer}, sealed_body text, execution_id text, created_at ${integer} not null,
      primary key (organization_id, route, key))`,
    `create index idempotency_by_age on idempotency (created_at)`,
  ];
}
