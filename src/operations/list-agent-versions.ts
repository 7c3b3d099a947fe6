import type { AgentVersion } from "../contract/agent.ts";
import type { Id } from "../contract/ids.ts";
import type { Page, PageRequest } from "../contract/page.ts";
import { toStatement } from "../store/database.ts";
import { readVersionRow, requireAgent } from "./agent-row.ts";
import type { Caller } from "./operations.ts";
import { cutPage, pageBounds } from "./paging.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";

/** Header values of MCP servers come sealed. */
export async function listAgentVersions(
  { database }: Pick<OperationParts, "database">,
  caller: Caller,
  agentId: Id,
  page: PageRequest,
): Promise<Page<AgentVersion>> {
  requireScope(caller, "agents:read");
  await requireAgent(database, caller.organization.id, agentId);
  const query = database.builder
    .selectFrom("agent_version")
    .selectAll()
    .where("agent_id", "=", agentId)
    .where("organization_id", "=", caller.organization.id);
  const { items, hasMore } = cutPage(await database.read(toStatement(pageBounds(query, page))), page);
  return { items: items.map(readVersionRow), hasMore };
}
