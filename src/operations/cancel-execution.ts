import { RunyardError } from "../contract/errors.ts";
import type { Execution } from "../contract/execution.ts";
import { type Id, spellId } from "../contract/ids.ts";
import { getExecution } from "./get-execution.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { executionNotFound, requireExecutionRow } from "./read-executions.ts";
import { requireScope } from "./scopes.ts";

/** Cancelling twice gives the same answer, so that a lost answer can be asked for again. */
export async function cancelExecution(
  parts: Pick<OperationParts, "database" | "engine" | "now">,
  caller: Caller,
  executionId: Id,
  reason?: string,
): Promise<Execution> {
  requireScope(caller, "agents:execute");
  await requireExecutionRow(parts.database, caller.organization.id, executionId);
  const status = await parts.engine.cancel(executionId, { by: caller.keyId, reason });
  if (status === undefined) throw executionNotFound(executionId);
  if (status !== "cancelled") {
    throw new RunyardError(
      "execution_not_running",
      `Execution ${spellId("execution", executionId)} is ${status}; only a running one can be cancelled.`,
      { executionId },
    );
  }
  return getExecution(parts, caller, executionId);
}
