import type { ApiKey } from "../contract/organization.ts";
import type { Page, PageRequest } from "../contract/page.ts";
import { toStatement } from "../store/database.ts";
import { readApiKey } from "./api-key-row.ts";
import { keyOwners } from "./key-owners.ts";
import type { Caller } from "./operations.ts";
import { cutPage, pageBounds } from "./paging.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";

/** Keys that were revoked are left out. */
export async function listKeys(
  { database }: Pick<OperationParts, "database">,
  caller: Caller,
  page: PageRequest,
): Promise<Page<ApiKey>> {
  requireScope(caller, "keys:manage");
  const owners = await keyOwners(database, caller.organization);
  const query = database.builder
    .selectFrom("api_key")
    .selectAll()
    .where("organization_id", "in", [...owners.keys()])
    .where("revoked_at", "is", null);
  const { items, hasMore } = cutPage(await database.read(toStatement(pageBounds(query, page))), page);
  const keys = items.map((row) =>
    readApiKey({ ...row, environment: owners.get(row["organization_id"] as string) ?? "live" }),
  );
  return { items: keys, hasMore };
}
