import type { Id } from "../contract/ids.ts";
import type { Organization, Plan } from "../contract/organization.ts";
import { toStatement } from "../store/database.ts";
import type { Statement } from "../store/statement.ts";
import { requireOrganization } from "./get-organization.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";

/**
 * Name and plan hold for the test twin as well. A credit limit counts everything that was ever spent, also what was
 * spent before there was a limit, less what was paid in; a limit below that stops new executions and touches no running one.
 */
export async function updateOrganization(
  { database }: Pick<OperationParts, "database">,
  caller: Caller,
  organizationId: Id,
  change: { name?: string; plan?: Plan; creditLimitNanoUsd?: number | null },
): Promise<Organization> {
  requireScope(caller, "organizations:manage");
  await requireOrganization(database, organizationId);
  const { name, plan, creditLimitNanoUsd } = change;
  const unit: Statement[] = [];
  if (name !== undefined || plan !== undefined) {
    unit.push(
      toStatement(
        database.builder
          .updateTable("organization")
          .set({ ...(name === undefined ? {} : { name }), ...(plan === undefined ? {} : { plan }) })
          .where("live_id", "=", organizationId),
      ),
    );
  }
  if (creditLimitNanoUsd !== undefined) {
    unit.push(
      toStatement(
        database.builder
          .updateTable("organization")
          .set({ credit_limit_nano_usd: creditLimitNanoUsd })
          .where("id", "=", organizationId),
      ),
    );
  }
  if (unit.length > 0) await database.write(unit);
  return requireOrganization(database, organizationId);
}
