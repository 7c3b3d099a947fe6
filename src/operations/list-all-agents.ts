import type { ForeignAgent } from "../contract/analytics.ts";
import type { Id } from "../contract/ids.ts";
import { toStatement } from "../store/database.ts";
import { withCurrentVersions } from "./agent-row.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";

/** Agents of all organizations, newest first; those of test twins are left out. */
export async function listAllAgents(
  { database }: Pick<OperationParts, "database">,
  caller: Caller,
  page: { limit: number; offset: number },
): Promise<ForeignAgent[]> {
  requireScope(caller, "admin");
  const { builder } = database;
  const rows = await database.scan(
    toStatement(
      builder
        .selectFrom("agent")
        .innerJoin("organization", "organization.id", "agent.organization_id")
        .selectAll("agent")
        .where("organization.environment", "=", "live")
        .where("agent.deleted_at", "is", null)
        .orderBy("agent.id", "desc")
        .limit(page.limit)
        .offset(page.offset),
    ),
  );
  if (rows.length === 0) return [];
  const ids = rows.map((row) => row["id"] as Id);
  const [agents, aliases] = await Promise.all([
    withCurrentVersions(database, rows),
    database.read(toStatement(builder.selectFrom("alias").select(["id", "alias"]).where("id", "in", ids))),
  ]);
  const aliasOf = new Map(aliases.map((row) => [row["id"] as Id, row["alias"] as string]));
  return agents.map(({ currentVersion, ...agent }) => ({ ...agent, alias: aliasOf.get(agent.id), currentVersion }));
}
