import { sql } from "kysely";
import { type Id, newId } from "../contract/ids.ts";
import { type Database, toStatement } from "../store/database.ts";
import { type Statement, UnitRejected } from "../store/statement.ts";
import { weekOf } from "./iso-week.ts";
import { addEntry } from "./ledger-row.ts";
import type { Caller, WeeklyReset } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";

/**
 * Gives every organization its weekly allowance back: whoever has less than the allowance left, counted as if the credit
 * limit were 0, is paid in the difference; what is not used up does not add up. Once for each organization and calendar
 * week (ISO 8601, UTC), however often it is called. Without a setting it does nothing.
 */
export async function resetWeeklyCredit(
  { database, now, billing }: Pick<OperationParts, "database" | "now" | "billing">,
  caller: Caller,
): Promise<WeeklyReset> {
  requireScope(caller, "internal");
  const week = weekOf(now());
  const allowance = billing.weeklyCreditNanoUsd;
  if (allowance === undefined) return { week, allowanceNanoUsd: undefined, organizations: 0, creditedNanoUsd: 0 };
  let organizations = 0;
  let creditedNanoUsd = 0;
  for (const organizationId of await readOpenOrganizations(database, week)) {
    const id = newId();
    try {
      const [inserted] = await database.write([
        insertCredit(database, { id, organizationId, week, allowance, now: now() }),
        addEntry(database, { id, organizationId, kind: "payment" }),
      ]);
      organizations += 1;
      creditedNanoUsd += Number(inserted?.[0]?.["amount_nano_usd"] ?? 0);
    } catch (error) {
      if (!(error instanceof UnitRejected)) throw error; // another call was faster
    }
  }
  return { week, allowanceNanoUsd: allowance, organizations, creditedNanoUsd };
}

async function readOpenOrganizations(database: Database, week: string): Promise<Id[]> {
  const rows = await database.scan(
    toStatement(
      database.builder
        .selectFrom("organization")
        .select("id")
        .where("environment", "=", "live")
        .where(
          sql<boolean>`not exists (select 1 from credit_entry where credit_entry.organization_id = organization.id
            and credit_entry.type = ${entryType} and credit_entry.reference = ${week})`,
        )
        .orderBy("id"),
    ),
  );
  return rows.map((row) => row["id"] as Id);
}

/** The amount is taken from the sum as it is when the unit is committed. An entry of 0 marks the week as done. */
function insertCredit(
  { builder }: Database,
  entry: { id: Id; organizationId: Id; week: string; allowance: number; now: number },
): Statement {
  const lacking = sql<number>`spent_nano_usd + cast(${entry.allowance} as bigint)`;
  return toStatement(
    builder
      .insertInto("credit_entry")
      .columns(["id", "organization_id", "kind", "amount_nano_usd", "at", "type", "reference", "description"])
      .expression((from) =>
        from
          .selectFrom("organization")
          .select([
            sql<string>`${entry.id}`.as("entry"),
            "id",
            sql<string>`'payment'`.as("kind"),
            sql<number>`case when ${lacking} > 0 then ${lacking} else 0 end`.as("amount"),
            sql<number>`cast(${entry.now} as bigint)`.as("at"),
            sql<string>`${entryType}`.as("type"),
            sql<string>`${entry.week}`.as("reference"),
            sql<string>`'Weekly credit'`.as("description"),
          ])
          .where("id", "=", entry.organizationId),
      )
      .returning("amount_nano_usd"),
    { expectsRow: true },
  );
}

const entryType = "weekly_reset";
