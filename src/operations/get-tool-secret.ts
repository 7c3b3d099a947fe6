import type { Id } from "../contract/ids.ts";
import { requireAgent } from "./agent-row.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { readToolSecret } from "./read-tool-secret.ts";
import { requireScope } from "./scopes.ts";

export async function getToolSecret(
  parts: Pick<OperationParts, "database" | "secrets">,
  caller: Caller,
  agentId: Id,
): Promise<string> {
  requireScope(caller, "agents:write");
  await requireAgent(parts.database, caller.organization.id, agentId);
  return readToolSecret(parts, caller.organization.id, agentId);
}
