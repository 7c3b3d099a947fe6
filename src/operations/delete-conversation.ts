import { sql } from "kysely";
import type { Id } from "../contract/ids.ts";
import { toStatement } from "../store/database.ts";
import type { Statement } from "../store/statement.ts";
import { requireConversation } from "./conversation-rows.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";

export async function deleteConversation(
  parts: Pick<OperationParts, "database" | "engine" | "plans" | "now">,
  caller: Caller,
  conversationId: Id,
): Promise<void> {
  requireScope(caller, "agents:execute");
  await requireConversation(parts, caller, conversationId);
  await removeConversation(parts, caller.organization.id, conversationId);
}

/**
 * Removes a conversation and the words in it. Its executions stay for accounting, without input, output and tool data.
 * The row goes first, so that no new execution is accepted; then what still runs is cancelled.
 */
export async function removeConversation(
  { database, engine, now }: Pick<OperationParts, "database" | "engine" | "now">,
  organizationId: Id,
  conversationId: Id,
): Promise<void> {
  const { builder } = database;
  const open = toStatement(
    builder
      .selectFrom("execution")
      .select("id")
      .where("conversation_id", "=", conversationId)
      .where(sql<boolean>`status in ('queued', 'running', 'waiting')`)
      // Those behind go first: otherwise each would be taken up when the one before it ends.
      .orderBy("id", "desc"),
  );
  await database.write([
    toStatement(
      builder.deleteFrom("conversation").where("id", "=", conversationId).where("organization_id", "=", organizationId),
    ),
    toStatement(builder.deleteFrom("alias").where("id", "=", conversationId).where("kind", "=", "conversation")),
  ]);
  for (const row of await database.read(open)) {
    await engine.cancel(row["id"] as Id, { by: "conversation", reason: "The conversation was deleted." });
  }
  await database.writeMany(forgetWords(database, conversationId, now()));
}

function forgetWords({ builder }: OperationParts["database"], conversationId: Id, now: number): Statement[] {
  const ofConversation = builder.selectFrom("execution").select("id").where("conversation_id", "=", conversationId);
  return [
    toStatement(
      builder
        .deleteFrom("event")
        .where("execution_id", "in", ofConversation)
        .where(
          sql<boolean>`type not in ('execution-queued', 'attempt-started', 'model-called', 'execution-completed',
            'execution-failed', 'execution-cancelled')`,
        ),
    ),
    emptyBodies(builder, conversationId, "execution-queued", { input: { text: "" } }),
    emptyBodies(builder, conversationId, "execution-completed", { output: "" }),
    toStatement(
      builder.updateTable("execution").set({ log_dropped_at: now }).where("conversation_id", "=", conversationId),
    ),
  ];
}

function emptyBodies(
  builder: OperationParts["database"]["builder"],
  conversationId: Id,
  type: string,
  body: object,
): Statement {
  return toStatement(
    builder
      .updateTable("event")
      .set({ body: JSON.stringify(body) })
      .where("type", "=", type)
      .where("execution_id", "in", (where) =>
        where.selectFrom("execution").select("id").where("conversation_id", "=", conversationId),
      ),
  );
}
