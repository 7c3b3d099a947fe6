import { sql } from "kysely";
import type { Conversation, Turn } from "../contract/conversation.ts";
import type { Id } from "../contract/ids.ts";
import { toStatement } from "../store/database.ts";
import { requireConversation } from "./conversation-rows.ts";
import { viewColumns } from "./execution-view.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { showExecutions } from "./read-executions.ts";
import { requireScope } from "./scopes.ts";
import { turnsOf } from "./turns.ts";

/** Turns are not stored: they are the inputs and outputs of the conversation's finished executions. */
export async function getConversation(
  parts: Pick<OperationParts, "database" | "plans" | "now">,
  caller: Caller,
  conversationId: Id,
): Promise<Conversation & { turns: Turn[] }> {
  requireScope(caller, "agents:execute");
  const conversation = await requireConversation(parts, caller, conversationId);
  const rows = await parts.database.read(
    toStatement(
      parts.database.builder
        .selectFrom("execution")
        .select([...viewColumns])
        .where("conversation_id", "=", conversationId)
        .where(sql<boolean>`status in ('completed', 'cancelled')`)
        .orderBy("id"),
    ),
  );
  const executions = await showExecutions(parts.database, rows, parts.now());
  return { ...conversation, turns: executions.flatMap(turnsOf) };
}
