import type { SqlDialect } from "../database.ts";

/** What agents of user code need, and what the platforms that sell them keep beside: users, jobs, daemons, billing. */
export function codeAgents(dialect: SqlDialect): string[] {
  const { integer } = dialect.columns;
  return [
    `alter table agent_version add column label text`,
    `alter table agent_version add column bundle_sha256 text`,
    `create unique index agent_version_by_label on agent_version (agent_id, label) where label is not null`,
    `create index agent_version_by_bundle on agent_version (bundle_sha256) where bundle_sha256 is not null`,
    `create table version_change (
      id text primary key, organization_id text not null, agent_id text not null, from_version_id text not null,
      to_version_id text not null, created_at ${integer} not null)`,
    `create index version_change_by_agent on version_change (agent_id, id)`,

    `create table alias (
      organization_id text not null, kind text not null, alias text not null, id text not null,
      primary key (organization_id, kind, alias))`,
    `create index alias_by_id on alias (id)`,

    `create table bundle_upload (
      id text primary key, organization_id text not null, token_hash text not null unique, name text not null,
      version text not null, sha256 text, size_bytes ${integer}, expires_at ${integer} not null,
      created_at ${integer} not null)`,
    `create index bundle_upload_by_age on bundle_upload (expires_at)`,
    `create index bundle_upload_by_blob on bundle_upload (sha256) where sha256 is not null`,
    `create table completion_callback (
      execution_id text primary key, organization_id text not null, url text not null)`,

    `create table app_user (
      organization_id text not null, id text not null, profile text, created_at ${integer} not null,
      updated_at ${integer} not null, primary key (organization_id, id))`,
    `create table run_user (
      execution_id text primary key, organization_id text not null, agent_id text not null, user_id text not null,
      task text, created_at ${integer} not null)`,
    `create index run_user_by_agent on run_user (agent_id, user_id, created_at)`,
    `create table notification (
      id text primary key, organization_id text not null, user_id text not null, title text not null,
      body text not null, kind text not null, read_at ${integer}, created_at ${integer} not null)`,
    `create index notification_by_user on notification (organization_id, user_id, id)`,

    `create table subscription (
      id text primary key, organization_id text not null, agent_id text not null, user_id text not null,
      plan_type text not null, price_nano_usd ${integer} not null, status text not null,
      provider_reference text, period_start ${integer} not null, period_end ${integer},
      created_at ${integer} not null, updated_at ${integer} not null)`,
    `create unique index subscription_active on subscription (organization_id, agent_id, user_id)
      where status = 'active'`,
    `create index subscription_by_organization on subscription (organization_id, id)`,
    `create index subscription_by_agent on subscription (agent_id, id)`,
    `create index subscription_by_reference on subscription (provider_reference) where provider_reference is not null`,
    `alter table credit_entry add column type text`,
    `alter table credit_entry add column reference text`,
    `alter table credit_entry add column agent_id text`,
    `alter table credit_entry add column description text`,
    `create unique index credit_entry_by_reference on credit_entry (organization_id, type, reference)
      where reference is not null`,
    `create index credit_entry_by_agent on credit_entry (agent_id) where agent_id is not null`,
    `alter table organization add column wallet_nano_usd ${integer} not null default 0`,
    // Keys from before these scopes: who managed organizations runs the installation.
    `update api_key set scopes = replace(scopes, '"organizations:manage"', '"organizations:manage","admin","internal"')`,
    `create table payment_event (
      id text primary key, organization_id text, type text not null, received_at ${integer} not null)`,

    `create table daemon (
      id text primary key, organization_id text not null, agent_id text not null, user_id text not null,
      wanted text not null, state text not null, restarts ${integer} not null default 0, last_error text,
      last_active_at ${integer} not null, created_at ${integer} not null, updated_at ${integer} not null,
      unique (organization_id, agent_id, user_id))`,
    `create index daemon_wanted on daemon (wanted)`,

    `create table job (
      id text primary key, organization_id text not null, agent_id text not null, user_id text not null, name text,
      input text not null, schedule text, time_zone text not null, missed_runs text not null, status text not null,
      next_run_at ${integer}, last_run_at ${integer}, last_execution_id text, run_count ${integer} not null default 0,
      last_error text, created_at ${integer} not null, updated_at ${integer} not null)`,
    `create index job_by_organization on job (organization_id, id)`,
    `create index job_due on job (next_run_at) where next_run_at is not null`,
  ];
}
