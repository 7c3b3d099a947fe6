import { sql } from "kysely";
import type { Id } from "../contract/ids.ts";
import { toStatement } from "../store/database.ts";
import { prepared } from "../store/prepared.ts";
import { viewColumns } from "./execution-view.ts";
import { perDatabase } from "./per-database.ts";
import type { OperationParts } from "./parts.ts";
import { showExecutions } from "./read-executions.ts";
import { turnsOf } from "./turns.ts";

export interface HistoryTurn {
  role: "user" | "assistant";
  content: string;
}

/** What a conversation held before one of its executions. */
export interface History {
  /** The newest turns within the limit, oldest first. */
  turns: HistoryTurn[];
  summary: { text: string; turns: number } | undefined;
  /** Turns older than `turns` that the summary does not cover, oldest first; empty unless asked for. */
  unsummarized: HistoryTurn[];
}

/** Turns that one summary reads at the most; what is older still is left to the summaries that follow. */
const maxUnsummarizedExecutions = 200;

/** For programs, whose organization is the execution's own. */
export async function readHistory(
  { database, now }: Pick<OperationParts, "database" | "now">,
  request: {
    organizationId: Id;
    conversationId: Id;
    executionId: Id;
    maxTurns: number;
    withOlder: boolean;
  },
): Promise<History> {
  const { builder } = database;
  const [conversation] = await database.read(
    historyQueries(database).conversation({
      conversationId: request.conversationId,
      organizationId: request.organizationId,
    }),
  );
  const turnCount = (conversation?.["turn_count"] as number | undefined) ?? 0;
  if (turnCount === 0) return { turns: [], summary: undefined, unsummarized: [] };
  const text = (conversation?.["summary"] as string | null) ?? null;
  const covered = conversation?.["summary_turns"] as number;
  const summary = text === null ? undefined : { text, turns: covered };
  const wanted = request.withOlder ? Math.max(request.maxTurns, turnCount - covered) : request.maxTurns;
  const rows = await database.read(
    toStatement(
      builder
        .selectFrom("execution")
        .select([...viewColumns])
        .where("conversation_id", "=", request.conversationId)
        .where("organization_id", "=", request.organizationId)
        .where("id", "<", request.executionId)
        .where(sql<boolean>`status in ('completed', 'cancelled')`)
        .orderBy("id", "desc")
        .limit(Math.min(wanted, request.maxTurns + 2 * maxUnsummarizedExecutions)),
    ),
  );
  const executions = await showExecutions(database, rows.toReversed(), now());
  const turns = executions.flatMap(turnsOf).map(({ role, content }) => ({ role, content }));
  const kept = request.maxTurns === 0 ? [] : turns.slice(-request.maxTurns);
  const older = turns.slice(0, turns.length - kept.length);
  const unread = Math.max(0, turnCount - covered - kept.length);
  return { turns: kept, summary, unsummarized: request.withOlder && unread > 0 ? older.slice(-unread) : [] };
}

export async function saveSummary(
  { database }: Pick<OperationParts, "database">,
  organizationId: Id,
  conversationId: Id,
  summary: { text: string; turns: number },
): Promise<void> {
  await database.write([
    toStatement(
      database.builder
        .updateTable("conversation")
        // Models may say NUL, which Postgres text cannot hold.
        .set({ summary: summary.text.replaceAll("\0", ""), summary_turns: summary.turns })
        .where("id", "=", conversationId)
        .where("organization_id", "=", organizationId),
    ),
  ]);
}

const historyQueries = perDatabase(({ builder }) => ({
  conversation: prepared<{ conversationId: string; organizationId: string }>((p) =>
    builder
      .selectFrom("conversation")
      .select(["turn_count", "summary", "summary_turns"])
      .where("id", "=", p.conversationId)
      .where("organization_id", "=", p.organizationId),
  ),
}));
