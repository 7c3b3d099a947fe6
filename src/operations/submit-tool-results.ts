import { RunyardError } from "../contract/errors.ts";
import type { Execution } from "../contract/execution.ts";
import { type Id, spellId } from "../contract/ids.ts";
import type { Json } from "../contract/json.ts";
import { isTerminalStatus } from "../contract/execution.ts";
import { toolResultsWait } from "../contract/tool.ts";
import { toStatement } from "../store/database.ts";
import { UnitRejected } from "../store/statement.ts";
import { executionReplay } from "./execution-replay.ts";
import type { Caller, ToolResultSubmission } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireExecutionRow, showExecutions } from "./read-executions.ts";
import { requireScope } from "./scopes.ts";

export async function submitToolResults(
  parts: Pick<OperationParts, "database" | "engine" | "now">,
  caller: Caller,
  executionId: Id,
  results: ToolResultSubmission[],
): Promise<Execution> {
  requireScope(caller, "agents:execute");
  const row = await requireExecutionRow(parts.database, caller.organization.id, executionId);
  const [execution] = (await showExecutions(parts.database, [row], parts.now())) as [Execution];
  const pending = execution.toolCalls.filter((call) => call.durationMs === null);
  if (execution.status !== "waiting" || pending.length === 0) {
    const state = isTerminalStatus(execution.status) ? `has ended as ${execution.status}` : "does not wait for results";
    throw new RunyardError("execution_not_waiting", `Execution ${spellId("execution", executionId)} ${state}.`, {
      executionId,
    });
  }
  const missing = pending.filter((call) => !results.some((result) => result.callId === call.id));
  if (missing.length > 0) {
    const names = missing.map((call) => `${spellId("toolCall", call.id)} (${call.name})`).join(", ");
    throw new RunyardError("unprocessable", `Expected a result for each pending call; missing: ${names}.`, {
      param: "toolResults",
      executionId,
    });
  }
  const unknown = results.find((result) => !pending.some((call) => call.id === result.callId));
  if (unknown !== undefined) {
    throw new RunyardError("unprocessable", `Call ${spellId("toolCall", unknown.callId)} does not wait for a result.`, {
      param: "toolResults",
      executionId,
    });
  }
  const payload: Json = {
    results: results.map(({ callId, result, error }) => ({
      callId,
      ...(error === undefined ? { output: result ?? null } : { error }),
    })),
  };
  const before = [
    // Two answers at once: the first takes the execution out of its wait, the second finds it gone on.
    toStatement(
      parts.database.builder
        .updateTable("execution")
        .set({ waiting_for: null })
        .where("id", "=", executionId)
        .where("status", "=", "waiting")
        .where("last_seq", "=", execution.lastSeq)
        .returning("id"),
      { expectsRow: true },
    ),
    ...executionReplay(parts, caller, executionId),
  ];
  let signalled;
  try {
    signalled = await parts.engine.signal(executionId, toolResultsWait, payload, before);
  } catch (error) {
    if (!(error instanceof UnitRejected)) throw error;
    if (error.failure === "unique") {
      throw new RunyardError("idempotency_in_progress", "Another call with this idempotency key came first.");
    }
    signalled = false;
  }
  if (!signalled) {
    throw new RunyardError(
      "execution_not_waiting",
      `Execution ${spellId("execution", executionId)} got its results from another call, or was cancelled.`,
      { executionId },
    );
  }
  return { ...execution, status: "running" };
}
