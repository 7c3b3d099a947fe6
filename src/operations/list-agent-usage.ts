import { sql } from "kysely";
import type { AgentUsageEntry } from "../contract/analytics.ts";
import { type ExecutionStatus, executionStatuses } from "../contract/execution.ts";
import { toStatement } from "../store/database.ts";
import type { Row } from "../store/statement.ts";
import { countAll, requireAnalysed, runsOf } from "./analysed-agent.ts";
import type { AnalysedAgent, Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";

/** What each run used, newest first, and how many runs there are. */
export async function listAgentUsage(
  { database }: Pick<OperationParts, "database">,
  caller: Caller,
  agent: AnalysedAgent,
  page: { limit: number; offset: number },
): Promise<{ items: AgentUsageEntry[]; total: number }> {
  const place = await requireAnalysed(database, caller, agent);
  const runs = runsOf(database, place);
  const [rows, [counted]] = await Promise.all([
    database.scan(
      toStatement(
        runs
          .leftJoin("agent_version", "agent_version.id", "execution.agent_version_id")
          .select([
            "execution.id",
            "execution.conversation_id",
            "run_user.user_id",
            "agent_version.number",
            sql<string | null>`${sql.raw(database.dialect.jsonField("agent_version.definition", "label"))}`.as("label"),
            sql<number>`case when exists (select 1 from event where event.execution_id = execution.id
              and event.type = 'suspension-noted') then 1 else 0 end`.as("suspended"),
            "execution.status",
            "execution.input_tokens",
            "execution.output_tokens",
            "execution.tool_calls",
            "execution.cost_nano_usd",
            "execution.cost_unknown",
            "execution.created_at",
            "execution.finished_at",
          ])
          .orderBy("execution.id", "desc")
          .limit(page.limit)
          .offset(page.offset),
      ),
    ),
    database.scan(toStatement(runs.select(countAll.as("count")))),
  ]);
  return { items: rows.map(readEntry), total: Number(counted?.["count"] ?? 0) };
}

function readEntry(row: Row): AgentUsageEntry {
  const createdAt = row["created_at"] as number;
  const finishedAt = row["finished_at"] as number | null;
  return {
    executionId: row["id"] as string,
    conversationId: (row["conversation_id"] as string | null) ?? undefined,
    userId: (row["user_id"] as string | null) ?? undefined,
    // As `versionLabel` says it of a whole version.
    versionLabel: (row["label"] as string | null) ?? `${String(row["number"])}.0.0`,
    status: statusOf(row["status"]),
    isSuspended: row["suspended"] === 1,
    inputTokens: row["input_tokens"] as number,
    outputTokens: row["output_tokens"] as number,
    toolCalls: row["tool_calls"] as number,
    costNanoUsd: row["cost_unknown"] === 0 ? (row["cost_nano_usd"] as number) : null,
    durationMs: finishedAt === null ? null : finishedAt - createdAt,
    createdAt,
  };
}

function statusOf(stored: unknown): ExecutionStatus {
  const known = executionStatuses.find((status) => status === stored);
  if (known === undefined) throw new TypeError(`an execution has the status ${String(stored)}`);
  return known;
}
