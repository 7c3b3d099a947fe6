import { isDeepStrictEqual } from "node:util";
import type { Agent, AgentVersion, CodeDefinition } from "../contract/agent.ts";
import { RunyardError } from "../contract/errors.ts";
import { type Id, newId } from "../contract/ids.ts";
import { toStatement } from "../store/database.ts";
import { type Statement, UnitRejected } from "../store/statement.ts";
import { insertVersion, requireAgent } from "./agent-row.ts";
import { readAlias } from "./alias.ts";
import { refuseUnrunnable } from "./check-definition.ts";
import { createAgent } from "./create-agent.ts";
import { keepBundle } from "./keep-bundle.ts";
import type { Caller, PushedVersion } from "./operations.ts";
import { outboxStatement } from "./outbox.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";
import { findVersion, labelRoom, nextVersionNumber, versionConflict } from "./version-label.ts";

const maxTries = 5;

type Parts = Pick<OperationParts, "database" | "secrets" | "blobFiles" | "now" | "checkDefinition" | "wakeRelay">;

/**
 * Adds a version to the agent that goes by an id of its author's, and makes the agent when there is none. The first
 * version that can be executed becomes the current one; a later one is only added.
 *
 * @throws `version_conflict` when the version exists with another content; `unprocessable`
 */
export async function pushVersion(
  parts: Parts,
  caller: Caller,
  alias: string,
  definition: CodeDefinition & { label: string },
): Promise<PushedVersion> {
  requireScope(caller, "agents:write");
  refuseUnrunnable(parts, definition);
  for (let count = 1; count <= maxTries; count += 1) {
    const pushed = await tryPush(parts, caller, alias, definition);
    if (pushed !== "overtaken") return pushed;
  }
  throw new RunyardError("edit_conflict", `Agent ${alias} is being changed by others at the same time. Try again.`);
}

async function tryPush(
  parts: Parts,
  caller: Caller,
  alias: string,
  definition: CodeDefinition & { label: string },
): Promise<PushedVersion | "overtaken"> {
  const { database } = parts;
  const organizationId = caller.organization.id;
  const agent = await findAgent(parts, organizationId, alias);
  if (agent === undefined) return create(parts, caller, alias, definition);
  const existing = await findVersion(database, organizationId, agent.id, definition.label);
  if (existing !== undefined && isSame(existing, definition)) return { agent, version: existing, isNew: false };
  if (existing !== undefined && bundleOf(existing) !== undefined) throw versionConflict(definition.label);
  if (agent.currentVersion.definition.runtime !== "code") {
    throw new RunyardError("version_conflict", `Agent ${alias} is no agent of user code; push under another id.`);
  }

  const now = Math.max(parts.now(), agent.updatedAt);
  const version: AgentVersion = {
    id: newId(),
    agentId: agent.id,
    number: await nextVersionNumber(database, organizationId, agent.id),
    definition,
    createdAt: now,
  };
  const becomesCurrent = agent.currentVersion.definition.bundle === undefined;
  const next: Agent = becomesCurrent
    ? { ...agent, currentVersion: version, updatedAt: now }
    : { ...agent, updatedAt: now };
  const { name } = next.currentVersion.definition;
  const unit: Statement[] = [
    toStatement(
      database.builder
        .updateTable("agent")
        .set({ current_version_id: next.currentVersion.id, name, updated_at: now })
        .where("id", "=", agent.id)
        .where("organization_id", "=", organizationId)
        .where("current_version_id", "=", agent.currentVersion.id)
        .where("deleted_at", "is", null),
      { expectsRow: true },
    ),
    ...(await labelRoom(database, organizationId, version)),
    insertVersion(database, organizationId, version),
    outboxStatement(database, {
      organizationId,
      type: "agent.updated",
      agentId: agent.id,
      data: { agentId: agent.id, name },
      at: now,
    }),
  ];
  try {
    await keepBundle(parts, definition, () => database.write(unit));
  } catch (error) {
    if (error instanceof UnitRejected) return "overtaken";
    throw error;
  }
  parts.wakeRelay();
  return { agent: next, version, isNew: true };
}

async function create(
  parts: Parts,
  caller: Caller,
  alias: string,
  definition: CodeDefinition,
): Promise<PushedVersion | "overtaken"> {
  try {
    const agent = await createAgent(parts, caller, definition, { alias });
    return { agent, version: agent.currentVersion, isNew: true };
  } catch (error) {
    if (error instanceof RunyardError && error.code === "agent_exists") return "overtaken";
    throw error;
  }
}

/** By the author's id, or by our own where the agent was made without one. */
async function findAgent({ database }: Parts, organizationId: Id, alias: string): Promise<Agent | undefined> {
  const id = (await readAlias(database, organizationId, "agent", alias)) ?? alias.toLowerCase();
  try {
    return await requireAgent(database, organizationId, id);
  } catch (error) {
    if (error instanceof RunyardError && error.code === "agent_not_found") return undefined;
    throw error;
  }
}

function bundleOf({ definition }: AgentVersion): CodeDefinition["bundle"] {
  return definition.runtime === "code" ? definition.bundle : undefined;
}

/** The same files under the same manifest. */
function isSame({ definition }: AgentVersion, pushed: CodeDefinition): boolean {
  return (
    definition.runtime === "code" &&
    definition.bundle?.contentSha256 === pushed.bundle?.contentSha256 &&
    isDeepStrictEqual(definition.manifest, pushed.manifest)
  );
}
