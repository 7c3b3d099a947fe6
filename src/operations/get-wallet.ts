import type { Wallet } from "../contract/ledger.ts";
import { toStatement } from "../store/database.ts";
import type { Caller } from "./operations.ts";
import { organizationColumns, readOrganization } from "./organization-row.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";

/** The money of the caller's organization, from the sums of its ledger. */
export async function getWallet({ database }: Pick<OperationParts, "database">, caller: Caller): Promise<Wallet> {
  requireScope(caller, "agents:read");
  const [row] = await database.read(
    toStatement(
      database.builder.selectFrom("organization").select(organizationColumns).where("id", "=", caller.organization.id),
    ),
  );
  const { spentNanoUsd, reservedNanoUsd, walletNanoUsd, creditLimitNanoUsd } =
    row === undefined ? caller.organization : readOrganization(row);
  return {
    balanceNanoUsd: walletNanoUsd - spentNanoUsd,
    reservedNanoUsd,
    creditLimitNanoUsd,
    availableNanoUsd: creditLimitNanoUsd === null ? null : creditLimitNanoUsd - spentNanoUsd - reservedNanoUsd,
  };
}
