import { newId } from "../contract/ids.ts";
import type { Organization } from "../contract/organization.ts";
import { type Database, toStatement } from "../store/database.ts";
import type { Statement } from "../store/statement.ts";
import { organizationColumns, readOrganization } from "./organization-row.ts";
import type { OperationParts } from "./parts.ts";

/**
 * The organization that test keys of a live one act on. It is made together with the first test key.
 *
 * @returns the twin, and what makes it when it is not stored yet; that is refused as not unique when another call was
 *   faster, and then it is there
 */
export async function testTwin(
  { database, secrets, now }: Pick<OperationParts, "database" | "secrets" | "now">,
  live: Organization,
): Promise<{ twin: Organization; make: Statement[] }> {
  const [row] = await database.read(
    toStatement(
      database.builder
        .selectFrom("organization")
        .select(organizationColumns)
        .where("live_id", "=", live.id)
        .where("environment", "=", "test"),
    ),
  );
  if (row !== undefined) return { twin: readOrganization(row), make: [] };
  const id = newId();
  // What test keys do costs nothing, so there is nothing to limit.
  const twin: Organization = {
    ...live,
    id,
    environment: "test",
    creditLimitNanoUsd: null,
    spentNanoUsd: 0,
    reservedNanoUsd: 0,
    walletNanoUsd: 0,
    createdAt: now(),
  };
  return { twin, make: [insertOrganization(database, twin, secrets.createWrappedKey(id))] };
}

export function insertOrganization(database: Database, organization: Organization, wrappedKey: string): Statement {
  return toStatement(
    database.builder.insertInto("organization").values({
      id: organization.id,
      name: organization.name,
      plan: organization.plan,
      environment: organization.environment,
      live_id: organization.liveId,
      credit_limit_nano_usd: organization.creditLimitNanoUsd,
      wrapped_key: wrappedKey,
      created_at: organization.createdAt,
    }),
  );
}
