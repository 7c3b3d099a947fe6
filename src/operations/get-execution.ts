import type { Execution } from "../contract/execution.ts";
import type { Id } from "../contract/ids.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireExecutionRow, showExecutions } from "./read-executions.ts";
import { requireScope } from "./scopes.ts";

export async function getExecution(
  parts: Pick<OperationParts, "database" | "now">,
  caller: Caller,
  executionId: Id,
): Promise<Execution> {
  requireScope(caller, "agents:read", "agents:execute");
  const row = await requireExecutionRow(parts.database, caller.organization.id, executionId);
  const [execution] = await showExecutions(parts.database, [row], parts.now());
  return execution as Execution;
}
