import { z } from "zod";
import { openReader, type Reader } from "./reader.ts";

const text = z.string();
const number = z.number();

const executionSchema = z.object({
  id: text,
  organization_id: text,
  program: text,
  agent_id: text.nullable(),
  agent_version_id: text.nullable(),
  conversation_id: text.nullable(),
  status: z.enum(["queued", "running", "waiting", "completed", "failed", "cancelled"]),
  attempt: number,
  last_seq: number,
  cost_nano_usd: number,
  reserved_nano_usd: number,
  tool_calls: number,
  input_tokens: number,
  output_tokens: number,
  created_at: number,
  finished_at: number.nullable(),
  log_dropped_at: number.nullable(),
});

const eventSchema = z.object({
  execution_id: text,
  seq: number,
  attempt: number,
  step: number,
  type: text,
  body: text,
  at: number,
});

export interface EventRow {
  seq: number;
  attempt: number;
  step: number;
  type: string;
  /** JSON text. */
  body: string;
  at: number;
}

export interface ExecutionRow {
  id: string;
  organizationId: string;
  program: string;
  agentId: string | null;
  agentVersionId: string | null;
  conversationId: string | null;
  status: z.infer<typeof executionSchema>["status"];
  attempt: number;
  lastSeq: number;
  costNanoUsd: number;
  reservedNanoUsd: number;
  toolCalls: number;
  inputTokens: number;
  outputTokens: number;
  createdAt: number;
  finishedAt: number | null;
  logDroppedAt: number | null;
  /** In order. */
  events: EventRow[];
}

export interface JobRow {
  id: string;
  organizationId: string;
  agentId: string;
  input: Record<string, unknown>;
  schedule: string | null;
  timeZone: string;
  status: z.infer<typeof jobSchema>["status"];
  nextRunAt: number | null;
  runCount: number;
  createdAt: number;
}

const organizationSchema = z.object({
  id: text,
  spent_nano_usd: number,
  reserved_nano_usd: number,
  wallet_nano_usd: number,
});
const creditSchema = z.object({
  id: text,
  organization_id: text,
  execution_id: text.nullable(),
  kind: z.enum(["reserve", "release", "settle", "payment", "transaction"]),
  amount_nano_usd: number,
});
const versionSchema = z.object({ id: text, definition: text });
const webhookSchema = z.object({
  id: text,
  organization_id: text,
  events: text,
  agent_id: text.nullable(),
  status: text,
  created_at: number,
});
const outboxSchema = z.object({ id: text, type: text, data: text });
const memorySchema = z.object({ id: text, source_execution_id: text.nullable() });
const jobSchema = z.object({
  id: text,
  organization_id: text,
  agent_id: text,
  input: text,
  schedule: text.nullable(),
  time_zone: text,
  status: z.enum(["active", "paused", "completed", "failed", "cancelled"]),
  next_run_at: number.nullable(),
  run_count: number,
  created_at: number,
});
const inputSchema = z.record(text, z.unknown());
const crossingSchema = z.object({ id: text, organization_id: text, other_id: text, other_organization_id: text });

/** Everything that the invariants speak of, as it stood in the database at one moment. */
export interface Snapshot {
  executions: ReadonlyMap<string, ExecutionRow>;
  organizations: readonly z.infer<typeof organizationSchema>[];
  credits: readonly z.infer<typeof creditSchema>[];
  versions: ReadonlyMap<string, string>;
  webhooks: readonly z.infer<typeof webhookSchema>[];
  outbox: readonly z.infer<typeof outboxSchema>[];
  memoryEntries: readonly z.infer<typeof memorySchema>[];
  jobs: readonly JobRow[];
  /** Rows that refer to a row of another organization. */
  crossings: readonly (z.infer<typeof crossingSchema> & { reference: string })[];
}

/** @param database the path of a SQLite file, or a `postgres://` URL */
export async function readSnapshot(database: string): Promise<Snapshot> {
  await using reader = await openReader(database);
  const rows = async <T>(schema: z.ZodType<T>, sql: string): Promise<T[]> =>
    (await reader.rows(sql)).map((row) => schema.parse(row));
  return {
    executions: await readExecutions(reader),
    organizations: await rows(organizationSchema, "select * from organization"),
    credits: await rows(creditSchema, "select * from credit_entry order by id"),
    versions: new Map(
      (await rows(versionSchema, "select id, definition from agent_version")).map(({ id, definition }) => [
        id,
        definition,
      ]),
    ),
    webhooks: await rows(webhookSchema, "select * from webhook"),
    outbox: await rows(outboxSchema, "select id, type, data from outbox"),
    memoryEntries: await rows(memorySchema, "select id, source_execution_id from memory_entry"),
    jobs: (await rows(jobSchema, "select * from job order by id")).map(readJob),
    crossings: await readCrossings(reader),
  };
}

function readJob(row: z.infer<typeof jobSchema>): JobRow {
  return {
    id: row.id,
    organizationId: row.organization_id,
    agentId: row.agent_id,
    input: inputSchema.parse(JSON.parse(row.input)),
    schedule: row.schedule,
    timeZone: row.time_zone,
    status: row.status,
    nextRunAt: row.next_run_at,
    runCount: row.run_count,
    createdAt: row.created_at,
  };
}

async function readExecutions(reader: Reader): Promise<Map<string, ExecutionRow>> {
  const executions = new Map<string, ExecutionRow>();
  for (const raw of await reader.rows("select * from execution order by id")) {
    const row = executionSchema.parse(raw);
    executions.set(row.id, {
      id: row.id,
      organizationId: row.organization_id,
      program: row.program,
      agentId: row.agent_id,
      agentVersionId: row.agent_version_id,
      conversationId: row.conversation_id,
      status: row.status,
      attempt: row.attempt,
      lastSeq: row.last_seq,
      costNanoUsd: row.cost_nano_usd,
      reservedNanoUsd: row.reserved_nano_usd,
      toolCalls: row.tool_calls,
      inputTokens: row.input_tokens,
      outputTokens: row.output_tokens,
      createdAt: row.created_at,
      finishedAt: row.finished_at,
      logDroppedAt: row.log_dropped_at,
      events: [],
    });
  }
  for (const raw of await reader.rows("select * from event order by execution_id, seq")) {
    const { execution_id, ...event } = eventSchema.parse(raw);
    const execution = executions.get(execution_id);
    if (execution === undefined) throw new Error(`event ${event.seq} belongs to no execution: ${execution_id}`);
    execution.events.push(event);
  }
  return executions;
}

/** Each column that names a row of a tenant's table, from a row that has a tenant itself. */
const references: readonly (readonly [table: string, column: string, target: string])[] = [
  ["agent", "current_version_id", "agent_version"],
  ["agent_version", "agent_id", "agent"],
  ["conversation", "agent_id", "agent"],
  ["execution", "agent_id", "agent"],
  ["execution", "agent_version_id", "agent_version"],
  ["execution", "conversation_id", "conversation"],
  ["execution", "parent_id", "execution"],
  ["memory_entry", "store_id", "memory_store"],
  ["memory_entry", "source_execution_id", "execution"],
  ["webhook", "agent_id", "agent"],
  ["outbox", "agent_id", "agent"],
  ["credit_entry", "execution_id", "execution"],
  ["credit_entry", "agent_id", "agent"],
  ["subscription", "agent_id", "agent"],
  ["job", "agent_id", "agent"],
  ["job", "last_execution_id", "execution"],
  ["daemon", "agent_id", "agent"],
];

async function readCrossings(reader: Reader): Promise<Snapshot["crossings"]> {
  const found: Snapshot["crossings"][number][] = [];
  for (const [table, column, target] of references) {
    const rows = await reader.rows(
      `select mine.id, mine.organization_id, other.id as other_id, other.organization_id as other_organization_id
        from ${table} mine join ${target} other on other.id = mine.${column}
        where other.organization_id <> mine.organization_id`,
    );
    for (const row of rows) found.push({ reference: `${table}.${column}`, ...crossingSchema.parse(row) });
  }
  const answers = await reader.rows(
    `select mine.key as id, mine.organization_id, other.id as other_id, other.organization_id as other_organization_id
      from idempotency mine join execution other on other.id = mine.execution_id
      where other.organization_id <> mine.organization_id`,
  );
  for (const row of answers) found.push({ reference: "idempotency.execution_id", ...crossingSchema.parse(row) });
  return found;
}
