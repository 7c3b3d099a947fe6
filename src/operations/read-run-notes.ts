import { sql } from "kysely";
import type { StoredEvent } from "../contract/events.ts";
import type { Execution } from "../contract/execution.ts";
import type { Id } from "../contract/ids.ts";
import { readEvent } from "../engine/event-feed.ts";
import { type Database, toStatement } from "../store/database.ts";
import { readVersionRow } from "./agent-row.ts";
import type { Caller, RunNotes } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";
import { versionLabel } from "./version-label.ts";

const noteTypes = ["status-noted", "output-produced", "suspension-noted", "process-finished"] as const;

/** What the logs of these executions say beside what an `Execution` shows, and how their versions are called. */
export async function readRunNotes(
  { database }: Pick<OperationParts, "database">,
  caller: Caller,
  executions: readonly Pick<Execution, "id" | "agentVersionId">[],
): Promise<Map<Id, RunNotes>> {
  requireScope(caller, "agents:read", "agents:execute");
  return collectRunNotes(database, caller.organization.id, executions);
}

/** Without a look at the caller's scopes. */
export async function collectRunNotes(
  database: Database,
  organizationId: Id,
  executions: readonly Pick<Execution, "id" | "agentVersionId">[],
): Promise<Map<Id, RunNotes>> {
  const notes = new Map<Id, RunNotes>(executions.map(({ id }) => [id, { isSuspended: false }]));
  if (executions.length === 0) return notes;
  const labels = await readLabels(
    database,
    organizationId,
    executions.flatMap(({ agentVersionId }) => (agentVersionId === undefined ? [] : [agentVersionId])),
  );
  for (const { id, agentVersionId } of executions) {
    const label = agentVersionId === undefined ? undefined : labels.get(agentVersionId);
    if (label !== undefined) notes.set(id, { isSuspended: false, versionLabel: label });
  }
  for (const event of await readLastNotes(database, [...notes.keys()])) {
    const note = notes.get(event.executionId);
    if (note !== undefined) addNote(note, event);
  }
  return notes;
}

function addNote(note: RunNotes, event: StoredEvent): void {
  switch (event.type) {
    case "status-noted":
      note.status = event.body.text;
      break;
    case "output-produced":
      note.output = { type: event.body.type, value: event.body.value };
      break;
    case "suspension-noted":
      note.isSuspended = true;
      break;
    case "process-finished":
      note.process = { exitCode: event.body.exitCode, durationMs: event.body.durationMs };
      break;
    default:
  }
}

/** The last event of each of the types, of each execution. */
async function readLastNotes(database: Database, ids: readonly Id[]): Promise<StoredEvent[]> {
  const { builder } = database;
  const last = builder
    .selectFrom("event")
    .select(({ fn }) => ["execution_id", fn.max("seq").as("seq")])
    .where("execution_id", "in", [...ids])
    .where("type", "in", [...noteTypes])
    .groupBy(["execution_id", "type"]);
  const query = builder
    .selectFrom("event")
    .selectAll()
    .where("execution_id", "in", [...ids])
    .where(sql<boolean>`(execution_id, seq) in (${last})`);
  return (await database.read(toStatement(query))).map(readEvent);
}

async function readLabels(database: Database, organizationId: Id, ids: readonly Id[]): Promise<Map<Id, string>> {
  const wanted = [...new Set(ids)];
  if (wanted.length === 0) return new Map();
  const rows = await database.read(
    toStatement(
      database.builder
        .selectFrom("agent_version")
        .selectAll()
        .where("organization_id", "=", organizationId)
        .where("id", "in", wanted),
    ),
  );
  return new Map(rows.map((row) => [row["id"] as Id, versionLabel(readVersionRow(row))]));
}
