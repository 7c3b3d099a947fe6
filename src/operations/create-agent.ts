import { randomBytes } from "node:crypto";
import type { Agent, AgentDefinition } from "../contract/agent.ts";
import { RunyardError } from "../contract/errors.ts";
import { type Id, newId } from "../contract/ids.ts";
import { type Database, toStatement } from "../store/database.ts";
import { type Statement, UnitRejected } from "../store/statement.ts";
import { insertVersion } from "./agent-row.ts";
import { insertAlias } from "./alias.ts";
import { refuseUnrunnable } from "./check-definition.ts";
import { commitOnce } from "./idempotent-commit.ts";
import { keepBundle } from "./keep-bundle.ts";
import type { Caller } from "./operations.ts";
import { outboxStatement } from "./outbox.ts";
import type { OperationParts } from "./parts.ts";
import { toolSecretPlace } from "./read-tool-secret.ts";
import { requireScope } from "./scopes.ts";
import { sealDefinition } from "./seal-definition.ts";
import { isUserId, noteUser } from "./user-row.ts";

export async function createAgent(
  parts: Pick<OperationParts, "database" | "secrets" | "blobFiles" | "now" | "checkDefinition" | "wakeRelay">,
  caller: Caller,
  definition: AgentDefinition,
  { alias }: { alias?: string } = {},
): Promise<Agent> {
  requireScope(caller, "agents:write");
  refuseUnrunnable(parts, definition);
  const { database, secrets } = parts;
  const organizationId = caller.organization.id;
  const now = parts.now();
  const agentId = newId();
  const versionId = newId();
  const agent: Agent = {
    id: agentId,
    organizationId,
    status: "active",
    currentVersion: {
      id: versionId,
      agentId,
      number: 1,
      definition: await sealDefinition(secrets, { organizationId, versionId }, definition),
      createdAt: now,
    },
    createdAt: now,
    updatedAt: now,
  };
  const toolSecret = `tlsec_${randomBytes(32).toString("base64url")}`;
  const unit = [
    ...(alias === undefined ? [] : [insertAlias(database, { organizationId, kind: "agent", alias, id: agentId })]),
    toStatement(
      database.builder.insertInto("agent").values({
        id: agentId,
        organization_id: organizationId,
        name: definition.name,
        status: agent.status,
        current_version_id: versionId,
        sealed_tool_secret: await secrets.seal(organizationId, toolSecret, toolSecretPlace(agentId)),
        created_at: now,
        updated_at: now,
        deleted_at: null,
      }),
    ),
    insertVersion(database, organizationId, agent.currentVersion),
    ...ownerStatements(database, organizationId, definition, now),
    outboxStatement(database, {
      organizationId,
      type: "agent.created",
      agentId,
      data: { agentId, name: definition.name },
      at: now,
    }),
  ];
  try {
    await keepBundle(parts, definition, () => commitOnce(parts, caller, unit, agent));
  } catch (error) {
    if (!(error instanceof UnitRejected) || alias === undefined || error.statement !== 0) throw error;
    throw new RunyardError("agent_exists", `There is an agent with the id ${alias} already.`, { param: "id" });
  }
  parts.wakeRelay();
  return agent;
}

/** An owner whose name can be a user's id is a user from now on. */
function ownerStatements(
  database: Database,
  organizationId: Id,
  definition: AgentDefinition,
  now: number,
): Statement[] {
  const owner = definition.runtime === "code" ? definition.owner : undefined;
  if (owner === undefined || !isUserId(owner)) return [];
  return [noteUser(database, { organizationId, userId: owner, now })];
}
