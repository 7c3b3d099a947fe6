import { type Agent, agentDefinitionSchema, type AgentStatus, type AgentVersion } from "../contract/agent.ts";
import { RunyardError } from "../contract/errors.ts";
import { type Id, spellId } from "../contract/ids.ts";
import { type Database, toStatement } from "../store/database.ts";
import type { Row, Statement } from "../store/statement.ts";

export function readVersionRow(row: Row): AgentVersion {
  return {
    id: row["id"] as string,
    agentId: row["agent_id"] as string,
    number: row["number"] as number,
    definition: agentDefinitionSchema.parse(JSON.parse(row["definition"] as string)),
    createdAt: row["created_at"] as number,
  };
}

function readAgentRow(row: Row, currentVersion: AgentVersion): Agent {
  return {
    id: row["id"] as string,
    organizationId: row["organization_id"] as string,
    status: row["status"] as AgentStatus,
    currentVersion,
    createdAt: row["created_at"] as number,
    updatedAt: row["updated_at"] as number,
  };
}

/** Puts the current version, header values sealed, to each of these rows of `agent`. */
export async function withCurrentVersions(database: Database, rows: readonly Row[]): Promise<Agent[]> {
  if (rows.length === 0) return [];
  const ids = rows.map((row) => row["current_version_id"] as Id);
  const found = await database.read(
    toStatement(database.builder.selectFrom("agent_version").selectAll().where("id", "in", ids)),
  );
  const versions = new Map(found.map((row) => [row["id"] as Id, readVersionRow(row)]));
  return rows.map((row) => {
    const version = versions.get(row["current_version_id"] as Id);
    if (version === undefined) throw new Error(`agent ${String(row["id"])} has no current version`);
    return readAgentRow(row, version);
  });
}

/** An agent that was not deleted, header values sealed. @throws `agent_not_found` */
export async function requireAgent(database: Database, organizationId: Id, agentId: Id): Promise<Agent> {
  const rows = await database.read(
    toStatement(
      database.builder
        .selectFrom("agent")
        .selectAll()
        .where("id", "=", agentId)
        .where("organization_id", "=", organizationId)
        .where("deleted_at", "is", null),
    ),
  );
  const [agent] = await withCurrentVersions(database, rows);
  if (agent === undefined) throw agentNotFound(agentId);
  return agent;
}

/** @param version with header values sealed */
export function insertVersion(database: Database, organizationId: Id, version: AgentVersion): Statement {
  const { definition } = version;
  const bundled = definition.runtime === "code" ? definition : undefined;
  return toStatement(
    database.builder.insertInto("agent_version").values({
      id: version.id,
      agent_id: version.agentId,
      organization_id: organizationId,
      number: version.number,
      definition: JSON.stringify(definition),
      label: bundled?.label ?? null,
      bundle_sha256: bundled?.bundle?.sha256 ?? null,
      created_at: version.createdAt,
    }),
  );
}

export function agentNotFound(agentId: Id, param?: string): RunyardError {
  return new RunyardError("agent_not_found", `There is no agent ${spellId("agent", agentId)}.`, { param });
}
