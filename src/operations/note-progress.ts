import { RunyardError } from "../contract/errors.ts";
import { type Id, spellId } from "../contract/ids.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireExecutionRow } from "./read-executions.ts";
import { requireScope } from "./scopes.ts";

/** The words stand in the execution's log, like those of its own program. */
export async function noteProgress(
  { database, engine }: Pick<OperationParts, "database" | "engine">,
  caller: Caller,
  executionId: Id,
  text: string,
): Promise<void> {
  requireScope(caller, "agents:execute");
  await requireExecutionRow(database, caller.organization.id, executionId);
  if (await engine.note(executionId, { type: "status-noted", body: { text } })) return;
  throw new RunyardError(
    "execution_not_running",
    `Execution ${spellId("execution", executionId)} has ended; its progress is what it is.`,
    { executionId },
  );
}
