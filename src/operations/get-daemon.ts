import type { Daemon } from "../contract/daemon.ts";
import type { Id } from "../contract/ids.ts";
import { requireAgent } from "./agent-row.ts";
import { refuseWithoutSandbox } from "./daemon-patience.ts";
import { findDaemon } from "./daemon-row.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { defaultUser } from "./program-input.ts";
import { requireScope } from "./scopes.ts";

/**
 * @returns undefined when the agent has no daemon for the user
 * @throws `agent_not_found`; `sandbox_unavailable` when it has none and can have none
 */
export async function getDaemon(
  parts: Pick<OperationParts, "database" | "daemons">,
  caller: Caller,
  agentId: Id,
  { userId = defaultUser }: { userId?: string } = {},
): Promise<Daemon | undefined> {
  requireScope(caller, "agents:read", "agents:execute");
  const organizationId = caller.organization.id;
  const daemon = await findDaemon(parts, { organizationId, agentId, userId });
  if (daemon !== undefined) return daemon;
  await requireAgent(parts.database, organizationId, agentId);
  await refuseWithoutSandbox(parts.daemons);
  return undefined;
}
