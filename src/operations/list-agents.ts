import { type RawBuilder, sql } from "kysely";
import type { Agent, AgentStatus } from "../contract/agent.ts";
import type { Page, PageRequest } from "../contract/page.ts";
import { type Database, toStatement } from "../store/database.ts";
import { withCurrentVersions } from "./agent-row.ts";
import type { Caller } from "./operations.ts";
import { cutPage, pageBounds } from "./paging.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";

/** @param filter.name a part of the name, in capital or small letters */
export async function listAgents(
  { database }: Pick<OperationParts, "database">,
  caller: Caller,
  filter: { status?: AgentStatus; name?: string; owner?: string },
  page: PageRequest,
): Promise<Page<Agent>> {
  requireScope(caller, "agents:read");
  let query = database.builder
    .selectFrom("agent")
    .selectAll()
    .where("organization_id", "=", caller.organization.id)
    .where("deleted_at", "is", null);
  if (filter.status !== undefined) query = query.where("status", "=", filter.status);
  if (filter.name !== undefined) query = query.where(nameContains(filter.name));
  if (filter.owner !== undefined) query = query.where(isOwnedBy(database, filter.owner));
  const { items, hasMore } = cutPage(await database.read(toStatement(pageBounds(query, page))), page);
  return { items: await withCurrentVersions(database, items), hasMore };
}

function isOwnedBy({ dialect }: Database, owner: string): RawBuilder<boolean> {
  const ownerOf = sql.raw(dialect.jsonField("definition", "owner"));
  return sql<boolean>`current_version_id in (
    select agent_version.id from agent_version where agent_version.agent_id = agent.id and ${ownerOf} = ${owner})`;
}

/**
 * SQLite knows the case of ASCII letters only, so it is also given the name with other letters as they came, all small
 * and all capital.
 */
export function nameContains(text: string): RawBuilder<boolean> {
  const patterns = [text, text.toLowerCase(), text.toUpperCase()].map(
    (variant) => `%${lowerAscii(variant).replaceAll(/[\\%_]/g, String.raw`\$&`)}%`,
  );
  const matches = [...new Set(patterns)].map((pattern) => sql`lower(name) like ${pattern} escape '\\'`);
  return sql<boolean>`(${sql.join(matches, sql` or `)})`;
}

function lowerAscii(text: string): string {
  return text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}
