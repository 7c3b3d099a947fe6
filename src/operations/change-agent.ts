import { isDeepStrictEqual } from "node:util";
import type { Agent, AgentDefinition, AgentStatus, AgentVersion } from "../contract/agent.ts";
import { RunyardError } from "../contract/errors.ts";
import { type Id, newId, spellId } from "../contract/ids.ts";
import type { Json } from "../contract/json.ts";
import { toStatement } from "../store/database.ts";
import { type Statement, UnitRejected } from "../store/statement.ts";
import { insertVersion, requireAgent } from "./agent-row.ts";
import { refuseUnrunnable } from "./check-definition.ts";
import { commitOnce } from "./idempotent-commit.ts";
import { keepBundle } from "./keep-bundle.ts";
import { inTurn } from "./in-turn.ts";
import type { Caller } from "./operations.ts";
import { outboxStatement } from "./outbox.ts";
import type { OperationParts } from "./parts.ts";
import { openDefinition, sealDefinition } from "./seal-definition.ts";
import { labelRoom, nextVersionNumber } from "./version-label.ts";

const maxTries = 5;

export interface DefinitionChange {
  status?: AgentStatus;
  /** The new definition from the current version; both with header values opened. */
  define?: (current: AgentVersion) => AgentDefinition | Promise<AgentDefinition>;
}

/**
 * Changes an agent: a definition that differs becomes a new version, one that does not changes nothing. Conditional on
 * the version and the status that the change was made from; when another writer was faster, it is made again from theirs.
 *
 * @throws `agent_not_found`, `unprocessable`, `edit_conflict` when others were faster several times in a row
 */
export async function changeAgent(
  parts: Pick<OperationParts, "database" | "secrets" | "blobFiles" | "now" | "checkDefinition" | "wakeRelay">,
  caller: Caller,
  agentId: Id,
  change: DefinitionChange,
): Promise<Agent> {
  const once = () => tryChange(parts, caller, agentId, change);
  for (let count = 1; count <= maxTries; count += 1) {
    // Whoever was overtaken stands in line: otherwise each round of tries lets one writer through.
    const changed = await (count === 1 ? once() : inTurn(parts.database, agentId, once));
    if (changed !== "overtaken") return changed;
  }
  throw new RunyardError(
    "edit_conflict",
    `Agent ${spellId("agent", agentId)} is being changed by others at the same time. Read it and try again.`,
  );
}

async function tryChange(
  parts: Parameters<typeof changeAgent>[0],
  caller: Caller,
  agentId: Id,
  change: DefinitionChange,
): Promise<Agent | "overtaken"> {
  const { database } = parts;
  const organizationId = caller.organization.id;
  const agent = await requireAgent(database, organizationId, agentId);
  const version = await nextVersion(parts, agent, change);
  const status = change.status ?? agent.status;
  if (version === undefined && status === agent.status) {
    await commitOnce(parts, caller, [], agent);
    return agent;
  }
  // Later than the last change also when the clock stands still.
  const now = Math.max(parts.now(), agent.updatedAt);
  const next: Agent = { ...agent, status, currentVersion: version ?? agent.currentVersion, updatedAt: now };
  const { name } = next.currentVersion.definition;
  const unit: Statement[] = [
    toStatement(
      database.builder
        .updateTable("agent")
        .set({ status, name, current_version_id: next.currentVersion.id, updated_at: now })
        .where("id", "=", agentId)
        .where("organization_id", "=", organizationId)
        .where("current_version_id", "=", agent.currentVersion.id)
        .where("status", "=", agent.status)
        .where("deleted_at", "is", null),
      { expectsRow: true },
    ),
  ];
  if (version !== undefined) {
    unit.push(
      ...(await labelRoom(database, organizationId, version)),
      insertVersion(database, organizationId, version),
    );
  }
  unit.push(
    outboxStatement(database, { organizationId, type: "agent.updated", agentId, data: { agentId, name }, at: now }),
  );
  try {
    await keepBundle(parts, next.currentVersion.definition, () => commitOnce(parts, caller, unit, next));
  } catch (error) {
    if (error instanceof UnitRejected) return "overtaken"; // or deleted, which the next look tells
    throw error;
  }
  parts.wakeRelay();
  return next;
}

/** Header values sealed; undefined when the definition stays as it is. */
async function nextVersion(
  parts: Parameters<typeof changeAgent>[0],
  agent: Agent,
  change: DefinitionChange,
): Promise<AgentVersion | undefined> {
  if (change.define === undefined) return undefined;
  const { organizationId, currentVersion } = agent;
  const place = { organizationId, versionId: currentVersion.id };
  const current = await openDefinition(parts.secrets, place, currentVersion.definition);
  const definition = await change.define({ ...currentVersion, definition: current });
  if (isDeepStrictEqual(asStored(definition), asStored(current))) return undefined;
  refuseUnrunnable(parts, definition);
  const id = newId();
  return {
    id,
    agentId: agent.id,
    // The current version need not be the newest.
    number: await nextVersionNumber(parts.database, organizationId, agent.id),
    definition: await sealDefinition(parts.secrets, { organizationId, versionId: id }, definition),
    createdAt: parts.now(),
  };
}

/** Without the members that JSON leaves out. */
function asStored(definition: AgentDefinition): Json {
  const stored: Json = JSON.parse(JSON.stringify(definition));
  return stored;
}
