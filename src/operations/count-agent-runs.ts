import { sql } from "kysely";
import type { Period, RunsOfDay } from "../contract/analytics.ts";
import { toStatement } from "../store/database.ts";
import { countAll, countWhere, isCancelled, isCompleted, isFailed, requireAnalysed, runsOf } from "./analysed-agent.ts";
import type { AnalysedAgent, Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { fillDays, periodStart } from "./period.ts";

/** Runs by the day of their acceptance (UTC), oldest first, with the days of a bounded period that had none. */
export async function countAgentRuns(
  { database, now }: Pick<OperationParts, "database" | "now">,
  caller: Caller,
  agent: AnalysedAgent,
  period: Period,
): Promise<RunsOfDay[]> {
  const at = now();
  const place = await requireAnalysed(database, caller, agent);
  const rows = await database.scan(
    toStatement(
      runsOf(database, place, periodStart(period, at))
        .select([
          sql<string>`${sql.raw(database.dialect.dayOf("execution.created_at"))}`.as("day"),
          countAll.as("runs"),
          countWhere(isCompleted).as("completed"),
          countWhere(isFailed).as("failed"),
          countWhere(isCancelled).as("cancelled"),
        ])
        .groupBy(sql`1`)
        .orderBy(sql`1`),
    ),
  );
  const found = rows.map((row) => ({
    day: row["day"] as string,
    runs: row["runs"] as number,
    completed: row["completed"] as number,
    failed: row["failed"] as number,
    cancelled: row["cancelled"] as number,
  }));
  return fillDays(found, period, at, (day) => ({ day, runs: 0, completed: 0, failed: 0, cancelled: 0 }));
}
