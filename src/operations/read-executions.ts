import { sql } from "kysely";
import type { Execution } from "../contract/execution.ts";
import { RunyardError } from "../contract/errors.ts";
import { type Id, spellId } from "../contract/ids.ts";
import { readEvent } from "../engine/event-feed.ts";
import { type Database, toStatement } from "../store/database.ts";
import { prepared } from "../store/prepared.ts";
import type { Row, Statement } from "../store/statement.ts";
import { perDatabase } from "./per-database.ts";
import { ExecutionView, viewColumns, viewEventTypes } from "./execution-view.ts";

/** @returns the row of an agent's execution; undefined when there is none, or another organization has it */
export async function readExecutionRow(
  database: Database,
  organizationId: Id,
  executionId: Id,
): Promise<Row | undefined> {
  const [row] = await database.read(rowQuery(database)({ executionId, organizationId }));
  return row;
}

const rowQuery = perDatabase(({ builder }) =>
  prepared<{ executionId: Id; organizationId: Id }>((p) =>
    builder
      .selectFrom("execution")
      .select([...viewColumns, "log_dropped_at"])
      .where("id", "=", p.executionId)
      .where("organization_id", "=", p.organizationId)
      .where("agent_id", "is not", null),
  ),
);

/** @throws `execution_not_found` */
export async function requireExecutionRow(database: Database, organizationId: Id, executionId: Id): Promise<Row> {
  const row = await readExecutionRow(database, organizationId, executionId);
  if (row === undefined) throw executionNotFound(executionId);
  return row;
}

export function executionNotFound(executionId: Id): RunyardError {
  return new RunyardError("execution_not_found", `There is no execution ${spellId("execution", executionId)}.`);
}

/** The number of the last event; 0 when there is none. */
export async function readLogEnd(database: Database, executionId: Id): Promise<number> {
  const query = database.builder
    .selectFrom("event")
    .select(({ fn }) => fn.max<number | null>("seq").as("end"))
    .where("execution_id", "=", executionId);
  const [row] = await database.read(toStatement(query));
  return (row?.["end"] as number | null) ?? 0;
}

/** Reads the logs of these rows as far as a view needs them, in one query. */
export async function showExecutions(database: Database, rows: readonly Row[], now: number): Promise<Execution[]> {
  const [first, ...others] = rows;
  if (first === undefined) return [];
  const events = await database.read(
    others.length === 0 ? oneLog(database, first) : toStatement(selectLogs(database, rows)),
  );
  const views = new Map(rows.map((row) => [row["id"], new ExecutionView()]));
  for (const event of events) views.get(event["execution_id"] as Id)?.add(readEvent(event));
  return rows.map((row) => (views.get(row["id"]) as ExecutionView).show(row, now));
}

function selectLogs({ builder }: Database, rows: readonly Row[]) {
  const ids = rows.map((row) => row["id"] as Id);
  const withText = rows.filter(needsText).map((row) => row["id"] as Id);
  return builder
    .selectFrom("event")
    .selectAll()
    .where("execution_id", "in", ids)
    .where((where) =>
      where.or([
        where("type", "in", viewEventTypes),
        ...(withText.length === 0 ? [] : [where.and([isOpenAnswer, where("execution_id", "in", withText)])]),
      ]),
    )
    .orderBy("execution_id")
    .orderBy("seq");
}

/** Every stream and every synchronous call ends with one, and compiling the query would be most of what that costs. */
function oneLog(database: Database, row: Row): Statement {
  const { ended, open } = oneLogQueries(database);
  return (needsText(row) ? open : ended)({ executionId: row["id"] as Id });
}

const oneLogQueries = perDatabase(({ builder }) => {
  const select = (executionId: Id) =>
    builder.selectFrom("event").selectAll().where("execution_id", "=", executionId).orderBy("seq");
  return {
    ended: prepared<{ executionId: Id }>((p) => select(p.executionId).where("type", "in", viewEventTypes)),
    open: prepared<{ executionId: Id }>((p) =>
      select(p.executionId).where((where) => where.or([where("type", "in", viewEventTypes), isOpenAnswer])),
    ),
  };
});

/** What was shown counts as the output where there is no final one. */
function needsText(row: Row): boolean {
  return row["status"] !== "completed";
}

const isOpenAnswer = sql<boolean>`type in ('text-delta', 'wait-started', 'wait-finished', 'signal-received')`;
