import type { Id } from "../contract/ids.ts";
import type { Job } from "../contract/job.ts";
import type { Page, PageRequest } from "../contract/page.ts";
import { toStatement } from "../store/database.ts";
import { readJob, selectJobs } from "./job-row.ts";
import type { Caller } from "./operations.ts";
import { cutPage } from "./paging.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";

export async function listJobs(
  { database }: Pick<OperationParts, "database">,
  caller: Caller,
  filter: { agentId?: Id },
  page: PageRequest,
): Promise<Page<Job>> {
  requireScope(caller, "agents:read", "agents:execute");
  let query = selectJobs(database).where("job.organization_id", "=", caller.organization.id);
  if (filter.agentId !== undefined) query = query.where("job.agent_id", "=", filter.agentId);
  if (page.after !== undefined) query = query.where("job.id", "<", page.after);
  if (page.before !== undefined) query = query.where("job.id", ">", page.before);
  query = query.orderBy("job.id", page.before === undefined ? "desc" : "asc").limit(page.limit + 1);
  if (page.offset !== undefined && page.offset > 0) query = query.offset(page.offset);
  const { items, hasMore } = cutPage(await database.read(toStatement(query)), page);
  return { items: items.map(readJob), hasMore };
}
