import type { AgentVersion } from "../contract/agent.ts";
import type { Id } from "../contract/ids.ts";
import { requireAgent } from "./agent-row.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";
import { readLabelledVersions } from "./version-label.ts";

const mostVersions = 1000;

export async function listVersions(
  { database }: Pick<OperationParts, "database">,
  caller: Caller,
  agentId: Id,
): Promise<{ currentId: Id; versions: AgentVersion[] }> {
  requireScope(caller, "agents:read");
  const organizationId = caller.organization.id;
  const { currentVersion } = await requireAgent(database, organizationId, agentId);
  const versions = await readLabelledVersions(database, organizationId, agentId, mostVersions);
  return { currentId: currentVersion.id, versions };
}
