import type { StoredFile } from "../contract/file.ts";
import type { Page, PageRequest } from "../contract/page.ts";
import { toStatement } from "../store/database.ts";
import { readFileRow } from "./file-row.ts";
import type { Caller } from "./operations.ts";
import { cutPage, pageBounds } from "./paging.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";

export async function listFiles(
  { database }: Pick<OperationParts, "database">,
  caller: Caller,
  page: PageRequest,
): Promise<Page<StoredFile>> {
  requireScope(caller, "agents:read");
  const query = database.builder.selectFrom("file").selectAll().where("organization_id", "=", caller.organization.id);
  const { items, hasMore } = cutPage(await database.read(toStatement(pageBounds(query, page))), page);
  return { items: items.map(readFileRow), hasMore };
}
