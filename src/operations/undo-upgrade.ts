import type { Agent } from "../contract/agent.ts";
import { RunyardError } from "../contract/errors.ts";
import { type Id, spellId } from "../contract/ids.ts";
import { toStatement } from "../store/database.ts";
import type { Row } from "../store/statement.ts";
import { requireAgent } from "./agent-row.ts";
import { moveVersion } from "./move-version.ts";
import type { Caller, UndoneUpgrade } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { readAgentVersion } from "./read-agent-version.ts";
import { requireScope } from "./scopes.ts";
import { requireTask, runTask } from "./upgrade-agent.ts";
import { versionLabel } from "./version-label.ts";

type Parts = Parameters<typeof runTask>[0];

/**
 * Goes back to the version before the last upgrade, and to the workspace of that moment. Resolves when the workspace
 * begins to be restored; the version moves once that has ended well, whether or not anybody waits for it.
 *
 * @throws `agent_not_found`, `snapshot_not_found` when the agent was never upgraded
 */
export async function undoUpgrade(parts: Parts, caller: Caller, agentId: Id): Promise<UndoneUpgrade> {
  requireScope(caller, "agents:write");
  const organizationId = caller.organization.id;
  const agent = await requireAgent(parts.database, organizationId, agentId);
  const change = await lastChange(parts, organizationId, agentId);
  if (change === undefined) {
    throw new RunyardError(
      "snapshot_not_found",
      `Agent ${spellId("agent", agentId)} has not been upgraded, so there is no earlier version to go back to.`,
    );
  }
  const to = await readAgentVersion(parts, organizationId, change["from_version_id"] as Id);
  const label = versionLabel(to);
  const executionId = await runTask(parts, caller, agent, { kind: "restore", label });
  const finish = async (): Promise<Agent> => {
    // Whoever asked for it may leave: only the end of the run decides.
    if (executionId !== undefined) await requireTask(parts, caller, executionId, "restored", forever);
    return moveVersion(parts, agent, to, removeChange(parts, change["id"] as Id));
  };
  const finished = finish();
  finished.catch(() => undefined); // told to whoever still waits
  return { executionId, from: versionLabel(agent.currentVersion), to: label, finished };
}

const forever = new AbortController().signal;

async function lastChange(
  { database }: Pick<OperationParts, "database">,
  organizationId: Id,
  agentId: Id,
): Promise<Row | undefined> {
  const [row] = await database.read(
    toStatement(
      database.builder
        .selectFrom("version_change")
        .selectAll()
        .where("agent_id", "=", agentId)
        .where("organization_id", "=", organizationId)
        .orderBy("id", "desc")
        .limit(1),
    ),
  );
  return row;
}

function removeChange({ database }: Pick<OperationParts, "database">, id: Id) {
  return toStatement(database.builder.deleteFrom("version_change").where("id", "=", id).returning("id"), {
    expectsRow: true,
  });
}
