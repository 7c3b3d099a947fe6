import { sql } from "kysely";
import type { Execution } from "../contract/execution.ts";
import type { Id } from "../contract/ids.ts";
import { newId } from "../contract/ids.ts";
import { type Database, toStatement } from "../store/database.ts";
import { prepared } from "../store/prepared.ts";
import type { Statement } from "../store/statement.ts";
import { perDatabase } from "./per-database.ts";
import type { OperationParts } from "./parts.ts";
import { readExecutionRow, showExecutions } from "./read-executions.ts";
import { collectRunNotes } from "./read-run-notes.ts";
import type { RunNotes } from "./operations.ts";

/** The program that the relay starts, once for each execution that somebody wants to be told of. */
export const callbackProgram = "completion-callback";

/** The type of its outbox rows. */
export const callbackType = "execution.callback";

/**
 * The statement that has somebody told of an execution's end, for the transaction in which it ends. It adds a row only
 * where the execution was started with a callback.
 */
export function callbackStatement(database: Database, execution: { id: Id; agentId: Id; at: number }): Statement {
  return insertEntry(database)({
    entryId: newId(),
    executionId: execution.id,
    agentId: execution.agentId,
    data: JSON.stringify({ executionId: execution.id }),
    at: execution.at,
  });
}

const insertEntry = perDatabase(({ builder }) =>
  prepared<{ entryId: Id; executionId: Id; agentId: Id; data: string; at: number }>((p) =>
    builder
      .insertInto("outbox")
      .columns(["id", "organization_id", "type", "agent_id", "data", "created_at"])
      .expression((from) =>
        from
          .selectFrom("completion_callback")
          // Postgres takes bare parameters of a select list for text.
          .select([
            sql<string>`${p.entryId}`.as("entry"),
            "organization_id",
            sql<string>`'execution.callback'`.as("type"),
            sql<string>`${p.agentId}`.as("agent"),
            sql<string>`${p.data}`.as("data"),
            sql<number>`cast(${p.at} as bigint)`.as("at"),
          ])
          .where("execution_id", "=", p.executionId),
      ),
  ),
);

/** What is told, and to whom. Of an execution that has ended it changes no more. */
export interface Completion {
  url: string;
  execution: Execution;
  notes: RunNotes;
  /** The callers' own names of the execution, its agent and its conversation. */
  aliases: ReadonlyMap<Id, string>;
}

/** @returns undefined when the callback was made, or the execution is gone */
export async function readCompletion(
  { database, now }: Pick<OperationParts, "database" | "now">,
  organizationId: Id,
  executionId: Id,
): Promise<Completion | undefined> {
  const { builder } = database;
  const [callback] = await database.read(
    toStatement(
      builder
        .selectFrom("completion_callback")
        .select("url")
        .where("execution_id", "=", executionId)
        .where("organization_id", "=", organizationId),
    ),
  );
  const row = await readExecutionRow(database, organizationId, executionId);
  if (callback === undefined || row === undefined) return undefined;
  const [execution] = await showExecutions(database, [row], now());
  if (execution === undefined) return undefined;
  const notes = (await collectRunNotes(database, organizationId, [execution])).get(executionId);
  const named = [execution.id, execution.agentId, execution.conversationId].filter((id) => id !== undefined);
  const aliases = await database.read(
    toStatement(
      builder
        .selectFrom("alias")
        .select(["id", "alias"])
        .where("organization_id", "=", organizationId)
        .where("id", "in", named),
    ),
  );
  return {
    url: callback["url"] as string,
    execution,
    notes: notes ?? { isSuspended: false },
    aliases: new Map(aliases.map((alias) => [alias["id"] as Id, alias["alias"] as string])),
  };
}

/** Forgets the address, which may hold a secret, once nobody is to be told any more. */
export async function forgetCallback(
  { database }: Pick<OperationParts, "database">,
  organizationId: Id,
  executionId: Id,
): Promise<void> {
  await database.write([
    toStatement(
      database.builder
        .deleteFrom("completion_callback")
        .where("execution_id", "=", executionId)
        .where("organization_id", "=", organizationId),
    ),
  ]);
}
