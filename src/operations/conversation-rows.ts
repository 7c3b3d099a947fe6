import type { Conversation } from "../contract/conversation.ts";
import { RunyardError } from "../contract/errors.ts";
import { type Id, spellId } from "../contract/ids.ts";
import type { JsonObject } from "../contract/json.ts";
import { toStatement } from "../store/database.ts";
import type { Row } from "../store/statement.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";

/** @throws `conversation_not_found`, also for one whose time is over though the sweep has not come by */
export async function requireConversation(
  { database, plans, now }: Pick<OperationParts, "database" | "plans" | "now">,
  caller: Caller,
  conversationId: Id,
): Promise<Conversation> {
  const [row] = await database.read(
    toStatement(
      database.builder
        .selectFrom("conversation")
        .selectAll()
        .where("id", "=", conversationId)
        .where("organization_id", "=", caller.organization.id),
    ),
  );
  const oldest = oldestActivity(plans[caller.organization.plan].retentionDays, now());
  if (row === undefined || (row["last_active_at"] as number) < oldest) {
    throw new RunyardError(
      "conversation_not_found",
      `There is no conversation ${spellId("conversation", conversationId)}, or it was deleted or has expired.`,
    );
  }
  return readConversation(row);
}

/** Conversations that were last active before this have expired, epoch milliseconds. */
export function oldestActivity(retentionDays: number | null, now: number): number {
  return retentionDays === null ? Number.NEGATIVE_INFINITY : now - retentionDays * 86_400_000;
}

export function readConversation(row: Row): Conversation {
  return {
    id: row["id"] as Id,
    organizationId: row["organization_id"] as Id,
    agentId: row["agent_id"] as Id,
    session: JSON.parse(row["session"] as string) as JsonObject,
    turnCount: row["turn_count"] as number,
    tokenCount: row["token_count"] as number,
    createdAt: row["created_at"] as number,
    lastActiveAt: row["last_active_at"] as number,
  };
}
