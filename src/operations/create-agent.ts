import { randomBytes } from "node:crypto";
import type { Agent, AgentDefinition } from "../contract/agent.ts";
import { newId } from "../contract/ids.ts";
import { toStatement } from "../store/database.ts";
import { insertVersion } from "./agent-row.ts";
import { refuseUnrunnable } from "./check-definition.ts";
import { commitOnce } from "./idempotent-commit.ts";
import type { Caller } from "./operations.ts";
import { outboxStatement } from "./outbox.ts";
import type { OperationParts } from "./parts.ts";
import { toolSecretPlace } from "./read-tool-secret.ts";
import { requireScope } from "./scopes.ts";
import { sealDefinition } from "./seal-definition.ts";

export async function createAgent(
  parts: Pick<OperationParts, "database" | "secrets" | "now" | "checkDefinition" | "wakeRelay">,
  caller: Caller,
  definition: AgentDefinition,
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
    outboxStatement(database, {
      organizationId,
      type: "agent.created",
      agentId,
      data: { agentId, name: definition.name },
      at: now,
    }),
  ];
  await commitOnce(parts, caller, unit, agent);
  parts.wakeRelay();
  return agent;
}
