import type { Agent } from "../contract/agent.ts";
import { toStatement } from "../store/database.ts";
import { withCurrentVersions } from "./agent-row.ts";
import { countAll } from "./analysed-agent.ts";
import { nameContains } from "./list-agents.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";

/** Agents of the caller's organization whose name contains a text, newest first, and how many there are. */
export async function searchAgents(
  { database }: Pick<OperationParts, "database">,
  caller: Caller,
  filter: { name?: string },
  page: { limit: number; offset: number },
): Promise<{ items: Agent[]; total: number }> {
  requireScope(caller, "analytics:read");
  let query = database.builder
    .selectFrom("agent")
    .where("organization_id", "=", caller.organization.id)
    .where("deleted_at", "is", null);
  if (filter.name !== undefined) query = query.where(nameContains(filter.name));
  const [rows, [counted]] = await Promise.all([
    database.read(toStatement(query.selectAll().orderBy("id", "desc").limit(page.limit).offset(page.offset))),
    database.read(toStatement(query.select(countAll.as("count")))),
  ]);
  return { items: await withCurrentVersions(database, rows), total: Number(counted?.["count"] ?? 0) };
}
