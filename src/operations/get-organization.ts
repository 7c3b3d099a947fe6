import { RunyardError } from "../contract/errors.ts";
import type { Id } from "../contract/ids.ts";
import type { Organization } from "../contract/organization.ts";
import { type Database, toStatement } from "../store/database.ts";
import type { Caller } from "./operations.ts";
import { organizationColumns, readOrganization } from "./organization-row.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";

export async function getOrganization(
  { database }: Pick<OperationParts, "database">,
  caller: Caller,
  organizationId: Id,
): Promise<Organization> {
  requireScope(caller, "organizations:manage");
  return requireOrganization(database, organizationId);
}

/** A live organization; test twins are no organizations to their managers. @throws `organization_not_found` */
export async function requireOrganization(database: Database, organizationId: Id): Promise<Organization> {
  const [row] = await database.read(
    toStatement(
      database.builder
        .selectFrom("organization")
        .select(organizationColumns)
        .where("id", "=", organizationId)
        .where("environment", "=", "live"),
    ),
  );
  if (row === undefined) {
    throw new RunyardError("organization_not_found", `There is no organization ${organizationId}.`);
  }
  return readOrganization(row);
}
