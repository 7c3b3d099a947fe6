import { isDeepStrictEqual } from "node:util";
import { RunyardError } from "../contract/errors.ts";
import type { DomainEvent } from "../contract/events.ts";
import type { Execution } from "../contract/execution.ts";
import { type Id, spellId } from "../contract/ids.ts";
import { getExecution } from "./get-execution.ts";
import type { Caller, Verdict } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireExecutionRow } from "./read-executions.ts";
import { collectRunNotes } from "./read-run-notes.ts";
import { requireScope } from "./scopes.ts";

/**
 * Ends an execution with the word of whoever runs the work outside. A program that still runs here loses its hold and is
 * stopped. The same word a second time changes nothing.
 *
 * @throws `execution_not_running` when it has ended in another way
 */
export async function completeExecution(
  parts: Pick<OperationParts, "database" | "engine" | "now">,
  caller: Caller,
  executionId: Id,
  verdict: Verdict,
): Promise<Execution> {
  requireScope(caller, "agents:execute");
  await requireExecutionRow(parts.database, caller.organization.id, executionId);
  const isDone = await parts.engine.end(executionId, verdict.status, eventsOf(verdict));
  const reader: Caller = { ...caller, scopes: new Set([...caller.scopes, "agents:execute"]) };
  const execution = await getExecution(parts, reader, executionId);
  if (isDone || (await isSame(parts, caller, execution, verdict))) return execution;
  throw new RunyardError(
    "execution_not_running",
    `Execution ${spellId("execution", executionId)} is ${execution.status} already, with another result.`,
    { executionId },
  );
}

function eventsOf({ status, output, message, durationMs, isSuspended }: Verdict): DomainEvent[] {
  const events: DomainEvent[] = [];
  if (output !== undefined) {
    events.push({ type: "output-produced", body: { key: "output", type: output.type, value: output.value } });
  }
  if (isSuspended === true) events.push({ type: "suspension-noted", body: { threadId: null, nextStep: null } });
  if (status === "failed") events.push({ type: "failure-noted", body: { message } });
  if (durationMs !== undefined) {
    const exitCode = status === "completed" ? 0 : 1;
    events.push({ type: "process-finished", body: { exitCode, reason: "completed from outside", durationMs } });
  }
  switch (status) {
    case "completed":
      events.push({ type: "execution-completed", body: { output: output?.value ?? null } });
      break;
    case "failed":
      events.push({ type: "execution-failed", body: { error: { code: "program_failed", message } } });
      break;
    case "cancelled":
      events.push({ type: "execution-cancelled", body: { reason: message } });
  }
  return events;
}

async function isSame(
  { database }: Pick<OperationParts, "database">,
  caller: Caller,
  execution: Execution,
  { status, output }: Verdict,
): Promise<boolean> {
  if (execution.status !== status) return false;
  if (output === undefined) return true;
  const notes = await collectRunNotes(database, caller.organization.id, [execution]);
  const known = notes.get(execution.id)?.output?.value ?? execution.output;
  return isDeepStrictEqual(known, output.value);
}
