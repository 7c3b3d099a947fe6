import type { AgentVersion } from "../contract/agent.ts";
import { RunyardError } from "../contract/errors.ts";
import { type Id, spellId } from "../contract/ids.ts";
import { prepared } from "../store/prepared.ts";
import { readVersionRow } from "./agent-row.ts";
import type { OperationParts } from "./parts.ts";
import { perDatabase } from "./per-database.ts";
import { openDefinition } from "./seal-definition.ts";

const maxVersions = 500;

/**
 * A version as a runtime needs it, with header values of MCP servers opened: for running, never for an answer. Versions
 * never change, so the most recently used ones are kept in memory.
 *
 * @throws `agent_version_not_found`, also for a version of another organization
 */
export async function readAgentVersion(
  { database, secrets }: Pick<OperationParts, "database" | "secrets">,
  organizationId: Id,
  versionId: Id,
): Promise<AgentVersion> {
  const { find, kept } = versionsOf(database);
  const key = `${organizationId} ${versionId}`;
  let version = kept.get(key);
  if (version === undefined) {
    const [row] = await database.read(find({ organizationId, versionId }));
    if (row === undefined) {
      throw new RunyardError(
        "agent_version_not_found",
        `There is no agent version ${spellId("agentVersion", versionId)}.`,
      );
    }
    const stored = readVersionRow(row);
    version = {
      ...stored,
      definition: await openDefinition(secrets, { organizationId, versionId }, stored.definition),
    };
  } else {
    kept.delete(key);
  }
  kept.set(key, version);
  if (kept.size > maxVersions) dropFirst(kept);
  return version;
}

const versionsOf = perDatabase(({ builder }) => ({
  find: prepared<{ organizationId: Id; versionId: Id }>((p) =>
    builder
      .selectFrom("agent_version")
      .selectAll()
      .where("id", "=", p.versionId)
      .where("organization_id", "=", p.organizationId),
  ),
  /** In the order of their last use. */
  kept: new Map<string, AgentVersion>(),
}));

function dropFirst(kept: Map<string, AgentVersion>): void {
  for (const key of kept.keys()) {
    kept.delete(key);
    return;
  }
}
