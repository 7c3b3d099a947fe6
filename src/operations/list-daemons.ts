import type { Daemon } from "../contract/daemon.ts";
import type { Page, PageRequest } from "../contract/page.ts";
import { toStatement } from "../store/database.ts";
import { readDaemonRow, withLiveState } from "./daemon-row.ts";
import type { Caller } from "./operations.ts";
import { cutPage, pageBounds } from "./paging.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";

export async function listDaemons(
  { database, daemons }: Pick<OperationParts, "database" | "daemons">,
  caller: Caller,
  page: PageRequest,
): Promise<Page<Daemon>> {
  requireScope(caller, "agents:read", "agents:execute");
  const query = database.builder.selectFrom("daemon").selectAll().where("organization_id", "=", caller.organization.id);
  const { items, hasMore } = cutPage(await database.read(toStatement(pageBounds(query, page))), page);
  return { items: items.map((row) => withLiveState(readDaemonRow(row), daemons)), hasMore };
}
