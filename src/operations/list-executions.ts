import type { Execution } from "../contract/execution.ts";
import type { Page, PageRequest } from "../contract/page.ts";
import { toStatement } from "../store/database.ts";
import { viewColumns } from "./execution-view.ts";
import type { Caller, ExecutionFilter } from "./operations.ts";
import { cutPage, pageBounds } from "./paging.ts";
import type { OperationParts } from "./parts.ts";
import { showExecutions } from "./read-executions.ts";
import { requireScope } from "./scopes.ts";

export async function listExecutions(
  parts: Pick<OperationParts, "database" | "now">,
  caller: Caller,
  filter: ExecutionFilter,
  page: PageRequest,
): Promise<Page<Execution>> {
  requireScope(caller, "agents:read", "agents:execute");
  const { builder } = parts.database;
  let query = builder
    .selectFrom("execution")
    .select([...viewColumns])
    .where("organization_id", "=", caller.organization.id)
    .where("agent_id", "is not", null);
  if (filter.agentId !== undefined) query = query.where("agent_id", "=", filter.agentId);
  if (filter.conversationId !== undefined) query = query.where("conversation_id", "=", filter.conversationId);
  if (filter.statuses !== undefined) query = query.where("status", "in", filter.statuses);
  if (filter.createdFrom !== undefined) query = query.where("created_at", ">=", filter.createdFrom);
  if (filter.createdTo !== undefined) query = query.where("created_at", "<=", filter.createdTo);
  const rows = await parts.database.read(toStatement(pageBounds(query, page)));
  const { items, hasMore } = cutPage(rows, page);
  return { items: await showExecutions(parts.database, items, parts.now()), hasMore };
}
