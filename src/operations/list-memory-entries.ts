import type { Id } from "../contract/ids.ts";
import type { MemoryEntry } from "../contract/memory.ts";
import type { Page, PageRequest } from "../contract/page.ts";
import { toStatement } from "../store/database.ts";
import { readMemoryEntry, requireMemoryStore } from "./memory-row.ts";
import type { Caller } from "./operations.ts";
import { cutPage, pageBounds } from "./paging.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";
import { searchMemory } from "./search-memory.ts";

export async function listMemoryEntries(
  { database }: Pick<OperationParts, "database">,
  caller: Caller,
  storeId: Id,
  filter: { query?: string; key?: string },
  page: PageRequest,
): Promise<Page<MemoryEntry>> {
  requireScope(caller, "agents:read");
  const organizationId = caller.organization.id;
  await requireMemoryStore(database, organizationId, storeId);
  if (filter.query !== undefined) {
    const found = await searchMemory(database, { storeId, query: filter.query, limit: page.limit });
    const items = filter.key === undefined ? found : found.filter(({ key }) => key === filter.key);
    return { items, hasMore: false };
  }
  let query = database.builder
    .selectFrom("memory_entry")
    .selectAll()
    .where("store_id", "=", storeId)
    .where("organization_id", "=", organizationId);
  if (filter.key !== undefined) query = query.where("key", "=", filter.key);
  const { items, hasMore } = cutPage(await database.read(toStatement(pageBounds(query, page))), page);
  return { items: items.map(readMemoryEntry), hasMore };
}
