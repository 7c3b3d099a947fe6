import type { Organization } from "../contract/organization.ts";
import type { Page, PageRequest } from "../contract/page.ts";
import { toStatement } from "../store/database.ts";
import type { Caller } from "./operations.ts";
import { organizationColumns, readOrganization } from "./organization-row.ts";
import { cutPage, pageBounds } from "./paging.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";

export async function listOrganizations(
  { database }: Pick<OperationParts, "database">,
  caller: Caller,
  page: PageRequest,
): Promise<Page<Organization>> {
  requireScope(caller, "organizations:manage");
  const query = database.builder
    .selectFrom("organization")
    .select([...organizationColumns])
    .where("environment", "=", "live");
  const { items, hasMore } = cutPage(await database.read(toStatement(pageBounds(query, page))), page);
  return { items: items.map(readOrganization), hasMore };
}
