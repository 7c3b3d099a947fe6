import { sql } from "kysely";
import type { ErrorGroup } from "../contract/analytics.ts";
import { type ErrorCode, errorCatalogue } from "../contract/errors.ts";
import { toStatement } from "../store/database.ts";
import { countAll, requireAnalysed, runsOf } from "./analysed-agent.ts";
import type { AnalysedAgent, Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";

const maxGroups = 100;
const maxMessageLength = 500;

/** Failed runs by code and message, the most frequent first. */
export async function breakDownAgentErrors(
  { database }: Pick<OperationParts, "database">,
  caller: Caller,
  agent: AnalysedAgent,
): Promise<ErrorGroup[]> {
  const place = await requireAnalysed(database, caller, agent);
  const { dialect } = database;
  const error = dialect.jsonField("event.body", "error");
  const message = sql.raw(dialect.jsonField(error, "message"));
  const rows = await database.scan(
    toStatement(
      runsOf(database, place)
        .innerJoin("event", "event.execution_id", "execution.id")
        .where("execution.status", "=", "failed")
        .where("event.type", "=", "execution-failed")
        .select([
          sql<string>`${sql.raw(dialect.jsonField(error, "code"))}`.as("code"),
          sql<string>`substr(${message}, 1, ${sql.lit(maxMessageLength)})`.as("message"),
          countAll.as("count"),
          sql<number>`max(event.at)`.as("last_at"),
        ])
        .groupBy([sql`1`, sql`2`])
        .orderBy(sql`3`, "desc")
        .orderBy(sql`4`, "desc")
        .limit(maxGroups),
    ),
  );
  return rows.map((row) => ({
    code: codeOf(row["code"]),
    message: row["message"] as string,
    count: row["count"] as number,
    lastAt: row["last_at"] as number,
  }));
}

function codeOf(stored: unknown): ErrorCode {
  const known = Object.keys(errorCatalogue).find((code): code is ErrorCode => code === stored);
  return known ?? "internal_error";
}
