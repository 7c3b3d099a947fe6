import { sql } from "kysely";
import type { InstallsOfDay, Period } from "../contract/analytics.ts";
import { toStatement } from "../store/database.ts";
import { countAll, requireAnalysed } from "./analysed-agent.ts";
import { installsOf } from "./installs.ts";
import type { AnalysedAgent, Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { fillDays, periodStart } from "./period.ts";

/**
 * Installs by day (UTC), oldest first, with the days of a bounded period that had none. Nobody installs an agent here: what counts is the
 * first time that a user runs it or subscribes to it.
 */
export async function countAgentInstalls(
  { database, now }: Pick<OperationParts, "database" | "now">,
  caller: Caller,
  agent: AnalysedAgent,
  period: Period,
): Promise<InstallsOfDay[]> {
  const at = now();
  const place = await requireAnalysed(database, caller, agent);
  const rows = await database.scan(
    toStatement(
      database.builder
        .selectFrom(installsOf(database, place).as("installs"))
        .select([sql<string>`${sql.raw(database.dialect.dayOf("first_at"))}`.as("day"), countAll.as("count")])
        .where("first_at", ">=", periodStart(period, at))
        .groupBy(sql`1`)
        .orderBy(sql`1`),
    ),
  );
  const found = rows.map((row) => ({ day: row["day"] as string, installs: row["count"] as number }));
  return fillDays(found, period, at, (day) => ({ day, installs: 0 }));
}
