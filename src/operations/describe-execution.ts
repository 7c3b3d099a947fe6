import type { Id } from "../contract/ids.ts";
import type { Caller, ExecutionDescription } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireExecutionRow } from "./read-executions.ts";
import { requireScope } from "./scopes.ts";

/** Without its log, which can be long: one row is read. */
export async function describeExecution(
  { database }: Pick<OperationParts, "database">,
  caller: Caller,
  executionId: Id,
): Promise<ExecutionDescription> {
  requireScope(caller, "agents:execute", "agents:read");
  const row = await requireExecutionRow(database, caller.organization.id, executionId);
  return {
    id: executionId,
    agentId: row["agent_id"] as Id,
    conversationId: (row["conversation_id"] as Id | null) ?? undefined,
    createdAt: row["created_at"] as number,
  };
}
