import { sql } from "kysely";
import type { User } from "../contract/user.ts";
import { toStatement } from "../store/database.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";
import { readUser } from "./user-row.ts";

/** Users of all organizations, newest first, with each organization's own; those of test twins are left out. */
export async function listAllUsers(
  { database }: Pick<OperationParts, "database">,
  caller: Caller,
  page: { limit: number; offset: number },
): Promise<User[]> {
  requireScope(caller, "admin");
  const { builder } = database;
  const stored = builder
    .selectFrom("app_user")
    .innerJoin("organization", "organization.id", "app_user.organization_id")
    .where("organization.environment", "=", "live")
    .select([
      "app_user.organization_id",
      "app_user.id",
      "app_user.profile",
      "app_user.created_at",
      "app_user.updated_at",
    ]);
  const own = builder
    .selectFrom("organization")
    .leftJoin("app_user", (join) =>
      join.onRef("app_user.organization_id", "=", "organization.id").onRef("app_user.id", "=", "organization.id"),
    )
    .where("organization.environment", "=", "live")
    .where("app_user.id", "is", null)
    .select([
      "organization.id as organization_id",
      "organization.id",
      sql<string | null>`cast(null as text)`.as("profile"),
      "organization.created_at",
      "organization.created_at as updated_at",
    ]);
  const rows = await database.scan(
    toStatement(
      builder
        .selectFrom(stored.unionAll(own).as("users"))
        .selectAll()
        .orderBy("created_at", "desc")
        .orderBy("organization_id")
        .orderBy("id")
        .limit(page.limit)
        .offset(page.offset),
    ),
  );
  return rows.map(readUser);
}
