import { sql } from "kysely";
import { type Id, newId } from "../contract/ids.ts";
import type { Payout } from "../contract/ledger.ts";
import { type Database, toStatement } from "../store/database.ts";
import { UnitRejected } from "../store/statement.ts";
import { withCurrentVersions } from "./agent-row.ts";
import { bookTransaction } from "./ledger-row.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";

/** Entries by which an agent's owner earns; they take their amount out of the wallet of whoever pays. */
const earningTypes = ["subscription", "subscription_refund", "purchase", "tip"];

interface Owed {
  organizationId: Id;
  agentId: Id;
  amountNanoUsd: number;
  /** Payouts that were booked for the agent. */
  payouts: number;
}

/**
 * Pays each agent's owner what the agent has earned and was not paid: of every organization, as one transaction `payout`
 * for each agent, which puts the amount into the wallet of the agent's organization. What is owed is the difference of
 * the two sums in the ledger, so a second call finds nothing to pay.
 */
export async function payCreators(
  { database, now }: Pick<OperationParts, "database" | "now">,
  caller: Caller,
): Promise<Payout[]> {
  requireScope(caller, "internal");
  const paid: Payout[] = [];
  for (const owed of await readOwed(database)) {
    const { organizationId, agentId, amountNanoUsd } = owed;
    const transactionId = newId();
    const owner = await readOwner(database, agentId);
    const entry = bookTransaction(database, {
      id: transactionId,
      organizationId,
      kind: "transaction",
      type: "payout",
      // Numbered, so that of two calls at the same time one pays.
      reference: `${agentId}/${owed.payouts + 1}`,
      agentId,
      description: owner === undefined ? "Earnings" : `Earnings of ${owner}`.slice(0, 500).toWellFormed(),
      amountNanoUsd,
      at: now(),
    });
    try {
      await database.write(entry);
      paid.push({ organizationId, agentId, owner, amountNanoUsd, transactionId });
    } catch (error) {
      if (!(error instanceof UnitRejected)) throw error;
    }
  }
  return paid;
}

async function readOwed(database: Database): Promise<Owed[]> {
  const earned = sql`sum(case when type = 'payout' then 0 else -amount_nano_usd end)`;
  const paid = sql`sum(case when type = 'payout' then amount_nano_usd else 0 end)`;
  const rows = await database.scan(
    toStatement(
      database.builder
        .selectFrom("credit_entry")
        .select([
          "organization_id",
          "agent_id",
          sql<number>`cast(${earned} - ${paid} as bigint)`.as("owed"),
          sql<number>`cast(sum(case when type = 'payout' then 1 else 0 end) as bigint)`.as("payouts"),
        ])
        .where("agent_id", "is not", null)
        .where("kind", "=", "transaction")
        .where("type", "in", [...earningTypes, "payout"])
        .groupBy(["organization_id", "agent_id"])
        .having(sql<boolean>`${earned} - ${paid} > 0`)
        .orderBy("organization_id")
        .orderBy("agent_id"),
    ),
  );
  return rows.map((row) => ({
    organizationId: row["organization_id"] as Id,
    agentId: row["agent_id"] as Id,
    amountNanoUsd: row["owed"] as number,
    payouts: row["payouts"] as number,
  }));
}

async function readOwner(database: Database, agentId: Id): Promise<string | undefined> {
  const rows = await database.read(
    toStatement(database.builder.selectFrom("agent").selectAll().where("id", "=", agentId)),
  );
  const [agent] = await withCurrentVersions(database, rows);
  const definition = agent?.currentVersion.definition;
  return definition?.runtime === "code" ? definition.owner : undefined;
}
