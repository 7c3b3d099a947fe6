import type { Agent } from "../contract/agent.ts";
import type { Id } from "../contract/ids.ts";
import { requireAgent } from "./agent-row.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";

/** Header values of MCP servers come sealed. */
export async function getAgent(
  { database }: Pick<OperationParts, "database">,
  caller: Caller,
  agentId: Id,
): Promise<Agent> {
  requireScope(caller, "agents:read");
  return requireAgent(database, caller.organization.id, agentId);
}
