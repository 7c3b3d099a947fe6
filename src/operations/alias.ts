import { RunyardError } from "../contract/errors.ts";
import type { Id } from "../contract/ids.ts";
import type { Principal } from "../contract/organization.ts";
import { type Database, toStatement } from "../store/database.ts";
import { prepared } from "../store/prepared.ts";
import type { Statement } from "../store/statement.ts";
import type { OperationParts } from "./parts.ts";
import { perDatabase } from "./per-database.ts";
import { requireScope } from "./scopes.ts";

/** What callers may give an id of their own. */
export type AliasKind = "agent" | "execution" | "conversation";

const longestAlias = 255;

/** Rejected as `unique` when the organization has used the alias for another object of the kind. */
export function insertAlias(
  database: Database,
  row: { organizationId: Id; kind: AliasKind; alias: string; id: Id },
): Statement {
  if (row.alias.length === 0 || row.alias.length > longestAlias) {
    throw new RunyardError("invalid_field_value", `An id of one's own has 1 to ${longestAlias} characters.`);
  }
  return aliasQueries(database).insert({ ...row });
}

/** The object that goes by this name; undefined when none does. The object itself may have been deleted since. */
export async function findByAlias(
  { database }: Pick<OperationParts, "database">,
  caller: Principal,
  kind: AliasKind,
  alias: string,
): Promise<Id | undefined> {
  requireScope(caller, "agents:read", "agents:execute", "agents:write", "analytics:read", "admin");
  return readAlias(database, caller.organization.id, kind, alias);
}

/** Without a look at the caller's scopes, for operations that have looked. */
export async function readAlias(
  database: Database,
  organizationId: Id,
  kind: AliasKind,
  alias: string,
): Promise<Id | undefined> {
  const [row] = await database.read(aliasQueries(database).find({ organizationId, kind, alias }));
  return row?.["id"] as Id | undefined;
}

/** The callers' own names of these objects, whatever their kind; objects without one are left out. */
export async function readAliases(
  { database }: Pick<OperationParts, "database">,
  caller: Principal,
  ids: readonly Id[],
): Promise<Map<Id, string>> {
  const wanted = [...new Set(ids)];
  if (wanted.length === 0) return new Map();
  const rows = await database.read(
    toStatement(
      database.builder
        .selectFrom("alias")
        .select(["id", "alias"])
        .where("organization_id", "=", caller.organization.id)
        .where("id", "in", wanted),
    ),
  );
  return new Map(rows.map((row) => [row["id"] as Id, row["alias"] as string]));
}

const aliasQueries = perDatabase(({ builder }) => ({
  insert: prepared<{ organizationId: string; kind: string; alias: string; id: string }>((p) =>
    builder.insertInto("alias").values({ organization_id: p.organizationId, kind: p.kind, alias: p.alias, id: p.id }),
  ),
  find: prepared<{ organizationId: string; kind: string; alias: string }>((p) =>
    builder
      .selectFrom("alias")
      .select("id")
      .where("organization_id", "=", p.organizationId)
      .where("kind", "=", p.kind)
      .where("alias", "=", p.alias),
  ),
}));
