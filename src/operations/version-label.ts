import { isDeepStrictEqual } from "node:util";
import type { AgentDefinition, AgentVersion } from "../contract/agent.ts";
import { RunyardError } from "../contract/errors.ts";
import type { Id } from "../contract/ids.ts";
import { type Database, toStatement } from "../store/database.ts";
import { prepared } from "../store/prepared.ts";
import type { Statement } from "../store/statement.ts";
import { readVersionRow } from "./agent-row.ts";
import { perDatabase } from "./per-database.ts";

/** What a version is called: by the label that its author gave it, else by its number, as in `3.0.0`. */
export function versionLabel({ number, definition }: Pick<AgentVersion, "number" | "definition">): string {
  return ownLabel(definition) ?? `${number}.0.0`;
}

function ownLabel(definition: AgentDefinition): string | undefined {
  return definition.runtime === "code" ? definition.label : undefined;
}

/** The version that goes by this label. @returns undefined when the agent has none */
export async function findVersion(
  database: Database,
  organizationId: Id,
  agentId: Id,
  label: string,
): Promise<AgentVersion | undefined> {
  const queries = labelQueries(database);
  const [labelled] = await database.read(queries.byLabel({ organizationId, agentId, label }));
  if (labelled !== undefined) return readVersionRow(labelled);
  const number = Number(/^(\d{1,9})\.0\.0$/.exec(label)?.[1]);
  if (Number.isNaN(number)) return undefined;
  const [numbered] = await database.read(queries.byNumber({ organizationId, agentId, number }));
  const version = numbered === undefined ? undefined : readVersionRow(numbered);
  // A row that has lost its label to a newer one goes by none at all.
  return version === undefined || ownLabel(version.definition) !== undefined ? undefined : version;
}

/** The number of the agent's next version. Two that are made at once get the same; the second is rejected. */
export async function nextVersionNumber(database: Database, organizationId: Id, agentId: Id): Promise<number> {
  const [row] = await database.read(labelQueries(database).lastNumber({ organizationId, agentId }));
  return Number(row?.["number"] ?? 0) + 1;
}

/**
 * Statements that make room for the label of a new version, to stand before its insertion: the row that has the label
 * gives it up, and the history of moves then names the new row. A row may only give way to one with the same bundle, or
 * when it has none.
 *
 * @throws `version_conflict` when the label is that of another bundle
 */
export async function labelRoom(database: Database, organizationId: Id, version: AgentVersion): Promise<Statement[]> {
  const { id, agentId, definition } = version;
  const label = ownLabel(definition);
  if (label === undefined) return [];
  const queries = labelQueries(database);
  const [row] = await database.read(queries.byLabel({ organizationId, agentId, label }));
  if (row === undefined) return [];
  const before = readVersionRow(row);
  if (!mayReplace(before.definition, definition)) throw versionConflict(label);
  return [
    queries.loseLabel({ id: before.id }, { expectsRow: true }),
    queries.moveFrom({ before: before.id, after: id }),
    queries.moveTo({ before: before.id, after: id }),
  ];
}

export function versionConflict(label: string): RunyardError {
  return new RunyardError(
    "version_conflict",
    `Version ${label} exists already with another content. Choose another version number.`,
    { param: "version" },
  );
}

function mayReplace(before: AgentDefinition, after: AgentDefinition): boolean {
  if (before.runtime !== "code" || after.runtime !== "code") return false;
  return before.bundle === undefined || isDeepStrictEqual(before.bundle, after.bundle);
}

const labelQueries = perDatabase(({ builder }) => ({
  byLabel: prepared<{ organizationId: Id; agentId: Id; label: string }>((p) =>
    builder
      .selectFrom("agent_version")
      .selectAll()
      .where("agent_id", "=", p.agentId)
      .where("organization_id", "=", p.organizationId)
      .where("label", "=", p.label),
  ),
  byNumber: prepared<{ organizationId: Id; agentId: Id; number: number }>((p) =>
    builder
      .selectFrom("agent_version")
      .selectAll()
      .where("agent_id", "=", p.agentId)
      .where("organization_id", "=", p.organizationId)
      .where("number", "=", p.number)
      .where("label", "is", null),
  ),
  lastNumber: prepared<{ organizationId: Id; agentId: Id }>((p) =>
    builder
      .selectFrom("agent_version")
      .select(({ fn }) => fn.max("number").as("number"))
      .where("agent_id", "=", p.agentId)
      .where("organization_id", "=", p.organizationId),
  ),
  loseLabel: prepared<{ id: Id }>((p) =>
    builder
      .updateTable("agent_version")
      .set({ label: null })
      .where("id", "=", p.id)
      .where("label", "is not", null)
      .returning("id"),
  ),
  moveFrom: prepared<{ before: Id; after: Id }>((p) =>
    builder.updateTable("version_change").set({ from_version_id: p.after }).where("from_version_id", "=", p.before),
  ),
  moveTo: prepared<{ before: Id; after: Id }>((p) =>
    builder.updateTable("version_change").set({ to_version_id: p.after }).where("to_version_id", "=", p.before),
  ),
}));

/** Every version that goes by a label, newest first, at most `limit`. */
export async function readLabelledVersions(
  database: Database,
  organizationId: Id,
  agentId: Id,
  limit: number,
): Promise<AgentVersion[]> {
  const rows = await database.read(
    toStatement(
      database.builder
        .selectFrom("agent_version")
        .selectAll()
        .where("agent_id", "=", agentId)
        .where("organization_id", "=", organizationId)
        .orderBy("number", "desc")
        .limit(limit),
    ),
  );
  return rows.flatMap((row) => {
    const version = readVersionRow(row);
    return row["label"] === null && ownLabel(version.definition) !== undefined ? [] : [version];
  });
}
