import type { Id } from "../contract/ids.ts";
import { prepared } from "../store/prepared.ts";
import type { SecretPlace } from "../store/secrets.ts";
import { agentNotFound } from "./agent-row.ts";
import type { OperationParts } from "./parts.ts";
import { perDatabase } from "./per-database.ts";

export function toolSecretPlace(agentId: Id): SecretPlace {
  return { record: agentId, field: "tool-secret" };
}

/**
 * The secret that signs the calls to an agent's tool handlers, for executions: those of a deleted agent go on and need it
 * too.
 * @throws `agent_not_found`
 */
export async function readToolSecret(
  { database, secrets }: Pick<OperationParts, "database" | "secrets">,
  organizationId: Id,
  agentId: Id,
): Promise<string> {
  const [row] = await database.read(sealedSecret(database)({ organizationId, agentId }));
  if (row === undefined) throw agentNotFound(agentId);
  return secrets.open(organizationId, row["sealed_tool_secret"] as string, toolSecretPlace(agentId));
}

const sealedSecret = perDatabase(({ builder }) =>
  prepared<{ organizationId: Id; agentId: Id }>((p) =>
    builder
      .selectFrom("agent")
      .select("sealed_tool_secret")
      .where("id", "=", p.agentId)
      .where("organization_id", "=", p.organizationId),
  ),
);
